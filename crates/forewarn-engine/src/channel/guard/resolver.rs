//! The gate in the connector: names become addresses here, and only those that the guard lets pass
//! are ever dialled.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use super::{Guard, Refused, Scheme, TargetUrl};

/// The machine's own resolver (`getaddrinfo`).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for "the port of the URL".
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Says which addresses a target may be dialled at.
pub(crate) struct GuardedResolver {
    guard: Arc<Guard>,
    inner: Arc<dyn Resolve>,
}

/// Why a target has no address.
pub(crate) enum NoAddress {
    /// We do not connect there.
    Refused(Refused),
    /// Nobody knows its name.
    Unresolved(Box<dyn Error + Send + Sync>),
}

impl GuardedResolver {
    /// Filters the answers of `inner`.
    pub(crate) fn new(guard: Arc<Guard>, inner: Arc<dyn Resolve>) -> GuardedResolver {
        GuardedResolver { guard, inner }
    }

    /// The addresses that may be dialled, of a name as of a host that is an address already. One question for each call.
    pub(crate) async fn addresses(&self, target: &TargetUrl) -> Result<Vec<SocketAddr>, NoAddress> {
        let url = target.url();
        let port = url.port_or_known_default().unwrap_or_default();
        let found: Addrs = match url.host() {
            Some(Host::Domain(name)) => {
                let name = Name::from_str(name).map_err(|e| NoAddress::Unresolved(e.into()))?;
                self.inner
                    .resolve(name)
                    .await
                    .map_err(NoAddress::Unresolved)?
            }
            Some(Host::Ipv4(address)) => one(address.into()),
            Some(Host::Ipv6(address)) => one(address.into()),
            None => Box::new(std::iter::empty()),
        };
        let permitted = permitted(&self.guard, target.scheme(), found);
        let mut permitted = permitted.map_err(NoAddress::Refused)?;
        if permitted.is_empty() {
            return Err(NoAddress::Unresolved("the name has no address".into()));
        }
        for address in &mut permitted {
            address.set_port(port);
        }
        Ok(permitted)
    }
}

fn one(address: IpAddr) -> Addrs {
    Box::new(std::iter::once(SocketAddr::new(address, 0)))
}

/// The addresses that may be dialled. With https one refused address among others is left out;
/// plain http, meant for the own network only, is refused as soon as one lies outside.
fn permitted(guard: &Guard, scheme: Scheme, found: Addrs) -> Result<Vec<SocketAddr>, Refused> {
    let mut refused = None;
    let mut permitted = Vec::new();
    for address in found {
        match guard.check(scheme, address.ip()) {
            Ok(()) => permitted.push(address),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    match refused {
        Some(why) if permitted.is_empty() || scheme == Scheme::Http => Err(why),
        _ => Ok(permitted),
    }
}
