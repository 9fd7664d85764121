//! Words that people wrote in Markdown.

use super::*;

#[test]
fn markdown_of_others_becomes_few_plain_tags() {
    for (markdown, html) in [
        (
            "# A\n\n*b* **c** `d`",
            "<h3>A</h3>\n<p><em>b</em> <strong>c</strong> <code>d</code></p>\n",
        ),
        ("a <b onclick=x>b</b>", "<p>a b</p>\n"),
        ("<script>alert(1)</script>", ""),
        ("[x](javascript:alert(1))", "<p>x</p>\n"),
        ("[x](data:text/html;base64,x)", "<p>x</p>\n"),
        ("[x](//evil.example)", "<p>x</p>\n"),
        ("![alt](http://evil.example/pixel.png)", "<p>alt</p>\n"),
        (
            "[x](https://a.example \"t\")",
            "<p><a href=\"https://a.example\" rel=\"noopener noreferrer\">x</a></p>\n",
        ),
        (
            "3. a\n4. b",
            "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n",
        ),
    ] {
        assert_eq!(render_markdown(markdown), html);
    }
}

#[test]
fn hostile_markdown_takes_little_time() {
    let started = std::time::Instant::now();
    for piece in [
        "[", "![", "*a_ ", "> ", "- ", "`", "<", "<!--", "[a](", "**", "~", "\\", "&", "1. ",
        "[a]: b\n", "|", "\n    ", "<a ", "](",
    ] {
        let text = piece.repeat(20_000 / piece.len());
        assert!(render_markdown(&text).len() < 2_000_000);
        let _ = markdown::contained(&text);
        let _ = markdown::to_text(&text);
    }
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}
