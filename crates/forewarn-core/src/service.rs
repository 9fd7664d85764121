//! The service catalogue: what people use, what it stands on, who owns it.

use crate::call_list::Callee;
use crate::contact::EmailAddress;
use crate::document::{Fields, Named, Node, Problems, boolean, line, prose};
use crate::id::Id;
use crate::outage_plan::Prepared;
use crate::window::Window;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Something people use or that other services stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its id.
    pub id: Id,
    /// Its name as its users know it.
    pub name: String,
    /// One sentence for the status page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Heading under which it stands on the status page.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<String>,
    /// Everybody may know of it. One that is not stands on private pages only ([`crate::sight`]).
    #[serde(skip_serializing_if = "Clone::clone", default = "yes")]
    pub public: bool,
    /// Services it stands on, directly.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub depends_on: Vec<Id>,
    /// How much depends on it.
    #[serde(default)]
    pub tier: Tier,
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<EmailAddress>,
    /// Who answers for it towards those who use it; may stand outside IT.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub business_owner: Option<EmailAddress>,
    /// Which of the two talks to clients.
    #[serde(default)]
    pub talks_to_clients: Talker,
    /// Who speaks for it when something goes wrong, in order: the spokesperson, then the backups.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub spokespersons: Vec<EmailAddress>,
    /// What is prepared for the day on which it fails.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outage_plan: Option<Prepared>,
    /// Who is called by telephone when it fails, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub call_list: Vec<Callee>,
    /// Standard maintenance windows, agreed in advance.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub windows: Vec<Window>,
    /// Providers outside that it stands on, with what it has from them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub providers: Vec<Provider>,
}

fn yes() -> bool {
    true
}

/// A provider outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its name, as its own notices of maintenance write it.
    pub name: String,
    /// Circuits and other things, by the provider's own ids; everything of this provider when empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub objects: Vec<String>,
}

impl Provider {
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Provider> {
        let mut fields = Fields::of(node, path, problems)?;
        let name = fields.required("name", problems, line(100));
        let objects = fields.list("objects", problems, line(200));
        fields.finish(problems);
        Some(Provider {
            name: name?,
            objects: objects.unwrap_or_default(),
        })
    }

    /// Whether work of this provider on these objects touches it; on all of them where none is named.
    pub fn is_touched(&self, provider: &str, objects: &[&str]) -> bool {
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        let listed = || {
            objects
                .iter()
                .any(|o| self.objects.iter().any(|own| same(own, o)))
        };
        same(&self.name, provider) && (objects.is_empty() || self.objects.is_empty() || listed())
    }
}

/// How critical a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Work stops without it.
    Critical,
    /// Work suffers without it.
    Important,
    /// Everything else.
    #[default]
    Standard,
}

/// Which owner talks to clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Talker {
    /// The service owner.
    #[default]
    ServiceOwner,
    /// The business owner.
    BusinessOwner,
}

impl Service {
    /// Reads a service, recording all problems. References are checked by the catalogue.
    pub fn read(node: &Node, path: &str, problems: &mut Problems) -> Option<Service> {
        let mut fields = Fields::of(node, path, problems)?;
        let id = fields.required("id", problems, Id::parse);
        let name = fields.required("name", problems, line(100));
        let description = fields.optional("description", problems, prose(500));
        let group = fields.optional("group", problems, line(100));
        let public = fields.optional("public", problems, boolean).unwrap_or(true);
        let depends_on = fields
            .references("depends_on", Named::Service, problems)
            .unwrap_or_default();
        let tier = fields.optional("tier", problems, |t| match t {
            "critical" => Ok(Tier::Critical),
            "important" => Ok(Tier::Important),
            "standard" => Ok(Tier::Standard),
            _ => Err(crate::problem::unknown(
                "tier",
                t,
                ["critical", "important", "standard"],
            )),
        });
        let owner = fields.optional("owner", problems, EmailAddress::parse);
        let business_owner = fields.optional("business_owner", problems, EmailAddress::parse);
        let talks_to_clients = fields.optional("talks_to_clients", problems, |t| match t {
            "service_owner" => Ok(Talker::ServiceOwner),
            "business_owner" => Ok(Talker::BusinessOwner),
            _ => Err(crate::problem::unknown(
                "owner",
                t,
                ["service_owner", "business_owner"],
            )),
        });
        let spokespersons = fields
            .list("spokespersons", problems, EmailAddress::parse)
            .unwrap_or_default();
        let outage_plan = fields
            .node("outage_plan")
            .and_then(|node| Prepared::read(node, &fields.path_of("outage_plan"), problems));
        let call_list = fields
            .nodes("call_list", problems)
            .into_iter()
            .filter_map(|(path, node)| Callee::read(node, &path, problems))
            .collect();
        let windows = fields
            .nodes("windows", problems)
            .into_iter()
            .filter_map(|(path, node)| Window::read(node, &path, problems))
            .collect();
        let providers = fields
            .nodes("providers", problems)
            .into_iter()
            .filter_map(|(path, node)| Provider::read(node, &path, problems))
            .collect();
        fields.finish(problems);
        Some(Service {
            id: id?,
            name: name?,
            description,
            group,
            public,
            depends_on,
            tier: tier.unwrap_or_default(),
            owner,
            business_owner,
            talks_to_clients: talks_to_clients.unwrap_or_default(),
            spokespersons,
            outage_plan,
            call_list,
            windows,
            providers,
        })
    }

    /// The owner who talks to clients; the other where there is none.
    pub fn talker(&self) -> Option<&EmailAddress> {
        let (first, second) = match self.talks_to_clients {
            Talker::ServiceOwner => (&self.owner, &self.business_owner),
            Talker::BusinessOwner => (&self.business_owner, &self.owner),
        };
        first.as_ref().or(second.as_ref())
    }
}

/// A service that a change or fault reaches, and the way it reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// The service.
    pub service: Id,
    /// From the service named by the event to this one, both included.
    pub path: Vec<Id>,
}

/// The services named plus all that depend on them, direct or not, each by the shortest path, nearest first.
pub fn affected(named: &[Id], services: &[Service]) -> Vec<Affected> {
    let mut dependents: BTreeMap<&str, Vec<&Id>> = BTreeMap::new();
    for service in services {
        for on in &service.depends_on {
            dependents.entry(on.as_str()).or_default().push(&service.id);
        }
    }
    let mut paths: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    let mut order = Vec::new();
    let mut queue: VecDeque<Vec<Id>> = named.iter().map(|id| vec![id.clone()]).collect();
    while let Some(path) = queue.pop_front() {
        let Some(last) = path.last().cloned() else {
            continue;
        };
        if paths.contains_key(&last) {
            continue;
        }
        for next in dependents.get(last.as_str()).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push((*next).clone());
            queue.push_back(longer);
        }
        order.push(last.clone());
        paths.insert(last, path);
    }
    order
        .into_iter()
        .map(|service| Affected {
            path: paths.remove(&service).unwrap_or_default(),
            service,
        })
        .collect()
}

/// A cycle among dependencies, as the ids along it with the first repeated at the end.
pub fn dependency_cycle(services: &[Service]) -> Option<Vec<Id>> {
    let index: BTreeMap<&str, &Service> = services.iter().map(|s| (s.id.as_str(), s)).collect();
    let mut done: BTreeMap<&str, bool> = BTreeMap::new();
    for service in services {
        // An explicit stack: a chain of ten thousand services must not overflow ours.
        let mut stack = vec![(service, 0usize)];
        while let Some((current, next)) = stack.pop() {
            if next == 0 && done.insert(current.id.as_str(), false) == Some(true) {
                done.insert(current.id.as_str(), true);
                continue;
            }
            let Some(on) = current.depends_on.get(next) else {
                done.insert(current.id.as_str(), true);
                continue;
            };
            stack.push((current, next + 1));
            match (done.get(on.as_str()), index.get(on.as_str())) {
                (Some(false), _) => {
                    let from = stack.iter().position(|(s, _)| s.id == *on).unwrap_or(0);
                    let mut cycle: Vec<Id> =
                        stack[from..].iter().map(|(s, _)| s.id.clone()).collect();
                    cycle.push(on.clone());
                    return Some(cycle);
                }
                (None, Some(target)) => stack.push((target, 0)),
                _ => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, on: &[&str]) -> Service {
        let text = format!("{{id: {id}, name: {id}, depends_on: [{}]}}", on.join(", "));
        let node = &crate::document::parse_yaml(&text).unwrap()[0];
        Service::read(node, "", &mut Problems::default()).unwrap()
    }

    #[test]
    fn everything_that_depends_on_it_is_affected_by_the_shortest_path() {
        let services = [
            service("db", &[]),
            service("api", &["db"]),
            service("portal", &["api", "db"]),
            service("other", &[]),
        ];
        let reached = affected(&[Id::parse("db").unwrap()], &services);
        let shown: Vec<String> = reached
            .iter()
            .map(|a| a.path.iter().map(Id::as_str).collect::<Vec<_>>().join(">"))
            .collect();
        assert_eq!(shown, ["db", "db>api", "db>portal"]);
    }

    #[test]
    fn cycles_are_named() {
        let services = [
            service("a", &["b"]),
            service("b", &["c"]),
            service("c", &["b"]),
        ];
        let cycle = dependency_cycle(&services).unwrap();
        assert_eq!(
            cycle.iter().map(Id::as_str).collect::<Vec<_>>(),
            ["b", "c", "b"]
        );
        assert_eq!(
            dependency_cycle(&[service("a", &["b"]), service("b", &[])]),
            None
        );
        assert!(dependency_cycle(&[service("a", &["a"])]).is_some());
        let diamond = [
            service("d", &["b", "c"]),
            service("b", &["a"]),
            service("c", &["a"]),
            service("a", &[]),
        ];
        assert_eq!(dependency_cycle(&diamond), None);
    }
}
