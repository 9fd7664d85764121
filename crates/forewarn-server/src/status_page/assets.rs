//! Files that pages load: style sheet, script, mark. Their names carry a hash of their content, so that a
//! browser may keep them for ever and still sees every change.

use super::Page;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const STYLE: &str = include_str!("../../assets/forewarn.css");
const CONSOLE: &str = include_str!("../../assets/console.css");
const CONSOLE_SCRIPT: &str = include_str!("../../assets/console.js");
const SCRIPT: &str = include_str!("../../assets/forewarn.js");
const PUSH: &str = include_str!("../../assets/push.js");
const MARK: &str = include_str!("../../assets/mark.svg");

/// Answered with every asset: its name changes when its content does.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A short hash of bytes, for names and validators.
pub fn hash(bytes: &[u8]) -> String {
    forewarn_core::id::encode(&Sha256::digest(bytes)[..10])
}

struct Asset {
    path: String,
    content_type: &'static str,
    text: &'static str,
}

fn asset(name: &str, ending: &str, content_type: &'static str, text: &'static str) -> Asset {
    Asset {
        path: format!("/assets/{name}-{}.{ending}", hash(text.as_bytes())),
        content_type,
        text,
    }
}

static ASSETS: LazyLock<[Asset; 6]> = LazyLock::new(|| {
    [
        asset("forewarn", "css", "text/css; charset=utf-8", STYLE),
        asset("forewarn", "js", "text/javascript; charset=utf-8", SCRIPT),
        asset("mark", "svg", "image/svg+xml", MARK),
        asset("console", "css", "text/css; charset=utf-8", CONSOLE),
        asset(
            "console",
            "js",
            "text/javascript; charset=utf-8",
            CONSOLE_SCRIPT,
        ),
        asset("push", "js", "text/javascript; charset=utf-8", PUSH),
    ]
});

static PAGES: LazyLock<BTreeMap<String, Page>> = LazyLock::new(|| {
    ASSETS
        .iter()
        .map(|asset| {
            let body = asset.text.as_bytes();
            let page = Page::new(asset.content_type, body).at(&asset.path);
            (asset.path.clone(), page)
        })
        .collect()
});

/// Every asset of the public pages by its path.
pub fn pages() -> BTreeMap<String, Page> {
    let mut pages = PAGES.clone();
    pages.remove(console_style());
    pages.remove(console_script());
    pages.remove(push_script());
    pages
}

/// The asset at this path.
pub fn get(path: &str) -> Option<&'static Page> {
    PAGES.get(path)
}

/// Path of the style sheet.
pub fn style() -> &'static str {
    &ASSETS[0].path
}

/// Path of the style sheet that the console has beside it.
pub fn console_style() -> &'static str {
    &ASSETS[3].path
}

/// Path of the script that the console has beside it.
pub fn console_script() -> &'static str {
    &ASSETS[4].path
}

/// Path of the script.
pub fn script() -> &'static str {
    &ASSETS[1].path
}

/// Path of the script that asks a browser to show notices.
pub fn push_script() -> &'static str {
    &ASSETS[5].path
}

/// Path of the mark, which is also the icon of the browser's tab.
pub fn mark() -> &'static str {
    &ASSETS[2].path
}
