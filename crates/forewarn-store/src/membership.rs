//! Who belongs to which audience by rule, and who gets nothing because their organisation asked for it.
//!
//! Both are worked out when contacts, audiences or the organisation change, and stand in the tables that expansion reads:
//! it costs a sending nothing.

use crate::contacts::among;
use crate::db::{Arg, Tx, args};
use crate::error::Result;
use forewarn_core::audience::Audience;
use forewarn_core::document::Catalogue;
use forewarn_core::id::Id;
use forewarn_core::membership::{ADMINISTRATOR, ADMINISTRATORS_ONLY, Membership, fold};
use forewarn_core::organisation::Organisation;
use forewarn_core::subscription::TAG;

/// Whose membership is looked at again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose<'a> {
    /// Everybody's.
    All,
    /// That of the contacts with these ids (a JSON list).
    These(&'a str),
}

impl Whose<'_> {
    /// SQL that narrows `column` to them, and its value.
    fn narrow(self, tx: &Tx, column: &str, values: &mut Vec<Arg>) -> String {
        match self {
            Whose::All => String::new(),
            Whose::These(ids) => {
                values.push(ids.into());
                format!(" AND {column} {}", among(tx, values.len()))
            }
        }
    }
}

/// Everything that depends on what these contacts are.
pub(crate) async fn refresh(tx: &mut Tx, catalogue: &Catalogue, whose: Whose<'_>) -> Result<()> {
    for audience in &catalogue.audiences {
        add_by_rule(tx, audience, whose).await?;
    }
    mute(tx, &catalogue.organisation, whose).await
}

/// Members of an audience by its rule as it is now; those who are listed stay.
pub(crate) async fn put_rule(tx: &mut Tx, audience: &Audience) -> Result<()> {
    drop_rule(tx, audience.id.as_str()).await?;
    add_by_rule(tx, audience, Whose::All).await
}

/// Nobody is a member of the audience by rule any more.
pub(crate) async fn drop_rule(tx: &mut Tx, audience: &str) -> Result<()> {
    let sql = "DELETE FROM members WHERE audience = $1 AND by_rule";
    tx.execute(sql, args![audience]).await?;
    Ok(())
}

async fn add_by_rule(tx: &mut Tx, audience: &Audience, whose: Whose<'_>) -> Result<()> {
    if let Some(rule) = &audience.members {
        add_picked(tx, audience, rule, whose).await?;
    }
    if audience.self_service {
        let subscribers = Membership {
            tags: vec![TAG.to_owned()],
            ..Membership::default()
        };
        add_picked(tx, audience, &subscribers, whose).await?;
    }
    Ok(())
}

async fn add_picked(
    tx: &mut Tx,
    audience: &Audience,
    rule: &Membership,
    whose: Whose<'_>,
) -> Result<()> {
    let mut values = args![audience.id.as_str()];
    let mut wanted = String::from("TRUE");
    let folded = |list: &[String]| {
        let folded: Vec<String> = list.iter().map(|text| fold(text)).collect();
        crate::json_list(folded.iter().map(String::as_str))
    };
    for (column, list) in [
        ("c.role", &rule.roles),
        ("c.organisation", &rule.organisations),
    ] {
        if !list.is_empty() {
            values.push(folded(list).into());
            wanted.push_str(&format!(" AND {column} {}", among(tx, values.len())));
        }
    }
    let services = crate::json_list(rule.services.iter().map(Id::as_str));
    for (table, column, list, given) in [
        ("tags", "tag", folded(&rule.tags), !rule.tags.is_empty()),
        ("choices", "service", services, !rule.services.is_empty()),
    ] {
        if given {
            values.push(list.into());
            let one = among(tx, values.len());
            wanted.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM {table} x WHERE x.contact = c.id AND x.{column} {one})"
            ));
        }
    }
    wanted.push_str(&whose.narrow(tx, "c.id", &mut values));
    let sql = format!(
        "INSERT INTO members (audience, contact, by_rule) SELECT $1, c.id, TRUE FROM contacts c WHERE {wanted}
         ON CONFLICT (audience, contact) DO NOTHING"
    );
    tx.execute(&sql, values).await?;
    Ok(())
}

/// Endpoints of those whose organisation has only its administrators told are `muted`; a mailbox that is gone stays gone.
pub(crate) async fn mute(tx: &mut Tx, organisation: &Organisation, whose: Whose<'_>) -> Result<()> {
    let named: Vec<String> = organisation
        .administrators_only
        .iter()
        .map(|o| fold(o))
        .collect();
    let named = crate::json_list(named.iter().map(String::as_str));
    let quiet = format!(
        "(SELECT c.id FROM contacts c WHERE c.organisation {} AND COALESCE(c.role, '') <> '{ADMINISTRATOR}')",
        among(tx, 1)
    );
    let mut values = args![&named];
    let these = whose.narrow(tx, "contact", &mut values);
    let woken = format!(
        "UPDATE endpoints SET state = 'active', reason = NULL
         WHERE state = 'muted' AND contact NOT IN {quiet}{these}"
    );
    tx.execute(&woken, values.clone()).await?;
    if organisation.administrators_only.is_empty() {
        return Ok(());
    }
    let muted = format!(
        "UPDATE endpoints SET state = 'muted', reason = '{ADMINISTRATORS_ONLY}'
         WHERE state = 'active' AND contact IN {quiet}{these}"
    );
    tx.execute(&muted, values).await?;
    Ok(())
}
