//! Is client communication needed? Answered from the questionnaire and what the catalogue knows, kept with its maintenance.

use super::maintenance::{self, Owners};
use super::read;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Result;
use forewarn_core::decision::{Answers, InWindow, OwnDecision, decide as go_through};
use forewarn_core::document::{Fields, Node, Value as Tree};
use forewarn_core::id::Id;
use forewarn_core::problem::Invalid;
use forewarn_core::service::affected;
use serde_json::{Value, json};

/// What is asked: the answers, and the maintenance that they are about.
struct Asked {
    answers: Answers,
    /// Names of the answers that were given.
    given: Vec<String>,
    own: Owners,
    maintenance: Option<String>,
}

/// Decides, and keeps the decision where a maintenance is named.
///
/// # Errors
/// Everything that is wrong with the answers; when there is no such maintenance.
pub async fn decide(app: &App, caller: &Caller, node: &Node) -> Result<Value> {
    let mut asked = asked(node)?;
    let Some(id) = asked.maintenance.clone() else {
        if matches!(asked.own, Owners::Decide(_)) {
            let problem = "is kept with an event; name its maintenance";
            return Err(Invalid::one("own", problem).into());
        }
        return Ok(json!(go_through(&asked.answers)));
    };
    fill_in(app, &id, &mut asked).await?;
    if let Owners::Decide(own) = &asked.own {
        is_an_owner(app, &id, own).await?;
    }
    let done = maintenance::decide(app, caller, &id, &asked.answers, &asked.own).await?;
    let mut body = json!(go_through(&asked.answers));
    let kept = done.maintenance.decision.as_ref();
    body["own"] = json!(kept.and_then(|decided| decided.own.as_ref()));
    body["maintenance"] = done.json();
    Ok(body)
}

fn asked(node: &Node) -> Result<Asked> {
    // The answers are a flat map; what is not an answer stands beside them.
    let Tree::Map(entries) = &node.value else {
        let answers = read(node, |node, problems| Answers::read(node, "", problems))?;
        return Ok(Asked {
            answers,
            given: Vec::new(),
            own: Owners::SayNothing,
            maintenance: None,
        });
    };
    let is_answer = |name: &str| !["own", "maintenance"].contains(&name);
    let part = |answers: bool| Node {
        value: Tree::Map(
            entries
                .iter()
                .filter(|(name, _, _)| is_answer(name) == answers)
                .cloned()
                .collect(),
        ),
        place: node.place,
    };
    let (flat, beside) = (part(true), part(false));
    let mut all = entries.iter();
    let is_withdrawn = all.any(|(name, _, node)| name == "own" && node.value == Tree::Null);
    read(&flat, |flat, problems| {
        let answers = Answers::read(flat, "", problems);
        let mut fields = Fields::of(&beside, "", problems)?;
        let maintenance = fields.optional("maintenance", problems, Id::parse);
        let own = fields
            .node("own")
            .map(|own| OwnDecision::read(own, "own", problems));
        fields.finish(problems);
        let given = entries.iter().filter(|(name, _, _)| is_answer(name));
        Some(Asked {
            answers: answers?,
            given: given.map(|(name, _, _)| name.clone()).collect(),
            own: match own {
                None if is_withdrawn => Owners::Withdraw,
                None => Owners::SayNothing,
                Some(read) => Owners::Decide(read?),
            },
            maintenance: maintenance.map(|id| id.to_string()),
        })
    })
}

/// The last word is the owners' of the services: nobody else can be named as who decided.
pub async fn is_an_owner(app: &App, id: &str, own: &OwnDecision) -> Result<()> {
    let (maintenance, _) = maintenance::show(app, id).await?;
    maintenance::owners_decide(&app.store.catalogue().await?, &maintenance.services, own)
        .map_err(|problem| Invalid::one("own.by", problem).into())
}

/// What the catalogue knows need not be answered: the window, and what depends on the services.
async fn fill_in(app: &App, id: &str, asked: &mut Asked) -> Result<()> {
    let catalogue = app.store.catalogue().await?;
    let (maintenance, plan) = maintenance::show(app, id).await?;
    let missing = |name: &str| !asked.given.iter().any(|given| given == name);
    if missing("window") && plan["window"]["inside_standard_window"] == true {
        asked.answers.window = InWindow::Standard;
    }
    if missing("dependents") {
        let all = affected(&maintenance.services, &catalogue.services);
        asked.answers.dependents = (all.len() - maintenance.services.len().min(all.len())) as u64;
    }
    Ok(())
}
