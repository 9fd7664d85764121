//! With what this installation runs.

use crate::app::App;
use crate::console::desk::{Desk, Shown, page};
use crate::console::{Nav, SettingsGroup, SettingsPage, language_name};
use crate::error::Result;
use axum::http::StatusCode;
use forewarn_core::document::Catalogue;
use forewarn_store::Role;

/// `GET /console/settings`
pub(in crate::console) async fn show(desk: Desk) -> Shown {
    // Names of people and machines of ours are nobody's business who only looks.
    desk.caller.at_least(Role::Operator)?;
    let catalogue = desk.app.store.catalogue().await?;
    let mut groups = vec![organisation(&catalogue)];
    groups.push(process(&desk.app).await?);
    groups.extend(desk.app.configured.iter().cloned());
    let view = SettingsPage {
        frame: desk.frame(&catalogue, "Settings", Nav::Settings).await?,
        groups,
    };
    Ok(page(StatusCode::OK, view.render()))
}

fn organisation(catalogue: &Catalogue) -> SettingsGroup {
    let own = &catalogue.organisation;
    let zones = catalogue
        .audiences
        .iter()
        .filter_map(|a| a.time_zone.as_ref());
    let mut zones: Vec<String> = zones.map(|zone| zone.name().to_owned()).collect();
    zones.sort();
    zones.dedup();
    let languages = own.languages.iter().map(|known| language_name(known));
    let languages: Vec<String> = languages.map(Into::into).collect();
    let people = own.communications.iter().map(|address| address.as_str());
    let phones = own.sms.as_ref().map(|sms| {
        let countries = sms.countries.iter().map(|c| c.name().to_owned());
        let countries: Vec<String> = countries.collect();
        format!(
            "{}; {} codes a day at most",
            countries.join(", "),
            sms.daily_cap
        )
    });
    let change_system = own
        .change_system
        .as_ref()
        .map(|_| "told by a signed webhook");
    let items = [
        ("Name", own.name.clone()),
        ("Time zone", own.time_zone.name().to_owned()),
        ("Zones of audiences", zones.join(", ")),
        ("Public holidays", own.calendar.clone().unwrap_or_default()),
        ("Languages", languages.join(", ")),
        ("Contact", own.contact.clone().unwrap_or_default()),
        ("Help with texts", people.collect::<Vec<_>>().join(", ")),
        ("Subscriptions by telephone", phones.unwrap_or_default()),
        (
            "Change system",
            change_system.unwrap_or_default().to_owned(),
        ),
        ("Numbers are typed above", own.confirm_above().to_string()),
        ("Undo within", format!("{} s", own.undo_seconds())),
    ];
    SettingsGroup {
        name: "Organisation",
        set: "forewarn apply FILE",
        items: items.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

async fn process(app: &App) -> Result<SettingsGroup> {
    let items = [
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
        ("Database", app.store.describe().await?),
        ("Address", app.public_url.clone()),
        (
            "Rules of time zones",
            forewarn_core::zone_data::version().to_owned(),
        ),
    ];
    Ok(SettingsGroup {
        name: "This server",
        set: "flags of forewarn serve",
        items: items.map(|(name, value)| (name.to_owned(), value)).into(),
    })
}
