//! The icons: small strokes on a grid of 16, in the colour of the text around them.

use std::fmt;

/// An icon inside a page.
#[derive(Clone, Copy, Debug)]
pub struct Icon {
    strokes: &'static str,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{}</svg>",
            self.strokes
        )
    }
}

impl askama::filters::HtmlSafe for Icon {}

/// The icon with this name; an empty one for a name that is not known.
pub fn icon(name: &str) -> Icon {
    let found = ICONS.iter().find(|(known, _)| *known == name);
    Icon {
        strokes: found.map_or("", |(_, strokes)| strokes),
    }
}

/// The tones of states come first; each differs in shape, so that colour is never the only sign.
const ICONS: [(&str, &str); 33] = [
    (
        "ok",
        "<circle class=\"solid\" cx=\"8\" cy=\"8\" r=\"6.5\"/><path class=\"cut\" d=\"m5.2 8.2 2 2 3.6-4.2\"/>",
    ),
    (
        "work",
        "<rect class=\"solid\" x=\"1.5\" y=\"1.5\" width=\"13\" height=\"13\" rx=\"3.5\"/><path class=\"cut\" d=\"M8 4.8V8l2.2 1.6\"/>",
    ),
    (
        "slow",
        "<circle class=\"solid\" cx=\"8\" cy=\"8\" r=\"6.5\"/><path class=\"cut\" d=\"M5 8h6\"/>",
    ),
    (
        "part",
        "<path class=\"solid\" d=\"M8 1.6 15 14H1z\"/><path class=\"cut\" d=\"M8 6.2v3.4M8 11.7v.1\"/>",
    ),
    (
        "down",
        "<path class=\"solid\" d=\"M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z\"/><path class=\"cut\" d=\"m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4\"/>",
    ),
    (
        "near",
        "<circle cx=\"8\" cy=\"8\" r=\"6\" stroke-dasharray=\"2.4 2.3\"/><path d=\"M8 5.2v3.2M8 10.8v.1\"/>",
    ),
    (
        "info",
        "<circle cx=\"8\" cy=\"8\" r=\"6.2\"/><path d=\"M8 7.4v3.4M8 5.1v.1\"/>",
    ),
    (
        "clock",
        "<circle cx=\"8\" cy=\"8\" r=\"6.2\"/><path d=\"M8 4.6V8l2.3 1.5\"/>",
    ),
    (
        "calendar",
        "<rect x=\"2\" y=\"3\" width=\"12\" height=\"11\" rx=\"2\"/><path d=\"M2 6.6h12M5.2 1.6v2.6M10.8 1.6v2.6\"/>",
    ),
    (
        "feed",
        "<path d=\"M3 7.5A5.5 5.5 0 0 1 8.5 13M3 3a10 10 0 0 1 10 10M3.6 12.4v.1\"/>",
    ),
    ("arrow", "<path d=\"M3 8h9.500M8.6 4l4 4-4 4\"/>"),
    (
        "now",
        "<path d=\"M8.8 1.5 3 9h4.600l-.6 5.500L13 7H8.300z\"/>",
    ),
    (
        "wrench",
        "<path d=\"M13.8 4.200a3.7 3.7 0 0 1-4.9 4.700L4.6 13.200a1.3 1.3 0 0 1-1.9-1.900l4.4-4.200a3.7 3.7 0 0 1 4.6-4.900L9.6 4.300l2.1 2.100z\"/>",
    ),
    (
        "siren",
        "<path d=\"M3.5 11.500V9a4.5 4.5 0 0 1 9 0v2.500M2 13.800h12M8 1.200v.9M2.7 3.300l.7.700M13.3 3.300l-.7.7\"/>",
    ),
    (
        "bell",
        "<path d=\"M8 1.800a4 4 0 0 0-4 4c0 3.7-1.7 4.9-1.7 4.900h11.400S12 9.5 12 5.800a4 4 0 0 0-4-4M6.7 13.300a1.5 1.5 0 0 0 2.6 0\"/>",
    ),
    (
        "send",
        "<path d=\"M14.2 1.8 7 9M14.2 1.8 9.6 14.2 7 9 1.8 6.400z\"/>",
    ),
    (
        "stack",
        "<path d=\"M8 1.8 14.2 5 8 8.2 1.8 5zM1.8 8 8 11.2 14.2 8M1.8 11 8 14.2 14.2 11\"/>",
    ),
    (
        "people",
        "<circle cx=\"5.8\" cy=\"5\" r=\"2.6\"/><path d=\"M1.2 13.600a4.6 4.6 0 0 1 9.2 0M10.8 2.700a2.5 2.5 0 0 1 0 4.600M12.3 9.600a4.3 4.3 0 0 1 2.5 4\"/>",
    ),
    (
        "book",
        "<path d=\"M3 2.200h7.500A2.5 2.5 0 0 1 13 4.700v9.100H5A2 2 0 0 1 3 11.800zM3 11.800a1.8 1.8 0 0 1 1.8-1.800H13M5.8 5.200h4\"/>",
    ),
    (
        "tray",
        "<path d=\"M1.8 9h3.600l1 2h3.200l1-2h3.600M3.6 3h8.800l1.8 6v3.400a1.2 1.2 0 0 1-1.2 1.200H3a1.2 1.2 0 0 1-1.2-1.200V9z\"/>",
    ),
    (
        "lock",
        "<rect x=\"2.6\" y=\"7\" width=\"10.8\" height=\"7\" rx=\"1.6\"/><path d=\"M5 7V5a3 3 0 0 1 6 0v2\"/>",
    ),
    (
        "mail",
        "<rect x=\"1.6\" y=\"3\" width=\"12.8\" height=\"10\" rx=\"1.8\"/><path d=\"m2 4.6 6 4.4 6-4.4\"/>",
    ),
    (
        "hook",
        "<path d=\"M6.5 9.5 9.5 6.500M7.3 4.700l1.2-1.200a2.8 2.8 0 0 1 4 4l-1.2 1.200M8.7 11.300l-1.2 1.200a2.8 2.8 0 0 1-4-4l1.2-1.2\"/>",
    ),
    (
        "month",
        "<rect x=\"2\" y=\"3\" width=\"12\" height=\"11\" rx=\"2\"/><path d=\"M2 6.600h12M6 6.600V14M10 6.600V14M2 10.300h12M5.2 1.600v2.200M10.8 1.600v2.200\"/>",
    ),
    (
        "policy",
        "<path d=\"M8 1.600 13.4 3.600v4.200c0 3.3-2.2 5.500-5.4 6.600-3.2-1.1-5.4-3.300-5.4-6.600V3.600zM5.6 7.900l1.8 1.800 3-3.500\"/>",
    ),
    (
        "gear",
        "<path d=\"M2 4.500h6.500M11.5 4.500H14M2 11.500h2.500M7.5 11.500H14\"/><circle cx=\"10\" cy=\"4.500\" r=\"1.600\"/><circle cx=\"6\" cy=\"11.500\" r=\"1.600\"/>",
    ),
    (
        "search",
        "<circle cx=\"7\" cy=\"7\" r=\"4.600\"/><path d=\"m10.500 10.500 3.600 3.600\"/>",
    ),
    ("plus", "<path d=\"M8 3v10M3 8h10\"/>"),
    ("menu", "<path d=\"M2 4.500h12M2 8h12M2 11.500h12\"/>"),
    (
        "leave",
        "<path d=\"M6.5 2H3.200A1.2 1.2 0 0 0 2 3.200v9.600A1.2 1.2 0 0 0 3.2 14h3.300M10.5 11l3-3-3-3M13.2 8H6\"/>",
    ),
    ("check", "<path d=\"m3 8.5 3.2 3.200L13 4.6\"/>"),
    ("skip", "<path d=\"M3 3.5 9.5 8 3 12.500zM12.5 3.500v9\"/>"),
    (
        "eye",
        "<path d=\"M1.2 8S3.6 3.3 8 3.3 14.8 8 14.8 8 12.4 12.7 8 12.7 1.2 8 1.2 8\"/><circle cx=\"8\" cy=\"8\" r=\"2\"/>",
    ),
];

/// A sheet with the tones of states, for a page that uses them many times with [`used`].
pub struct Sheet;

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class=\"sheet\" aria-hidden=\"true\">")?;
        for (name, strokes) in &ICONS[..6] {
            write!(
                f,
                "<symbol id=\"i-{name}\" viewBox=\"0 0 16 16\">{strokes}</symbol>"
            )?;
        }
        f.write_str("</svg>")
    }
}

impl askama::filters::HtmlSafe for Sheet {}

/// A tone's icon from the page's [`Sheet`].
pub struct Used(&'static str);

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-{}\"/></svg>",
            self.0
        )
    }
}

impl askama::filters::HtmlSafe for Used {}

/// A tone's icon from the page's [`Sheet`].
pub fn used(tone: &'static str) -> Used {
    Used(tone)
}
