//! A private page, and the way in.

use super::{Samples, id};
use forewarn_core::audience::Level;
use forewarn_server::private::WayIn;
use forewarn_server::status_page::private::document;
use forewarn_server::status_page::{PrivatePage, Snapshot, Speech, Texts};

impl Samples {
    /// The pages of an audience as its members see them, and what strangers see.
    pub fn private_pages(&self) -> Vec<(String, String)> {
        let named = |name: &str, html: String| (name.to_owned(), html);
        let ours = || self.t("Example University");
        let speech = Speech::english();
        let csrf = || "token".to_owned();
        let form = WayIn::form(speech, ours(), "staff", csrf());
        let mut pages = vec![
            named("private-form", form.html()),
            named(
                "private-sent",
                WayIn::sent(speech, ours(), &self.t("ann@example.edu")).html(),
            ),
            named(
                "private-open",
                WayIn::open(speech, ours(), "/for/staff/enter/x".into(), csrf()).html(),
            ),
            named("private-dead", WayIn::dead(speech, ours(), "staff").html()),
        ];
        for (name, code, path) in [
            ("private", None, "/"),
            ("private-event", None, "/events/INC-7"),
            ("private-ar", Some("ar"), "/"),
        ] {
            let speech = Speech {
                texts: Texts::of(code.unwrap_or("en")),
                is_chosen: code.is_some(),
            };
            let page = document(&self.private_snapshot(), speech, path);
            let page = page.expect("a page of the samples");
            pages.push(named(
                name,
                String::from_utf8_lossy(&page.body).into_owned(),
            ));
        }
        pages
    }

    fn private_snapshot(&self) -> Snapshot {
        let mut snapshot = self.snapshot();
        snapshot.open_to.clear();
        snapshot.private = Some(PrivatePage {
            audience: id("staff"),
            name: self.t("IT staff"),
            level: Level::Technical,
            feeds: Some("0123456789abcdefghjkmnpqrstvwxyz".to_owned()),
            csrf: "token".to_owned(),
        });
        snapshot
    }
}
