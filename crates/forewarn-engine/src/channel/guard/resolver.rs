//! The gate in the connector: names become addresses here, and only those that the guard lets pass
//! are ever dialled.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Guard, Refused, Scheme};

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

/// A resolver that passes on only addresses which may be connected to.
pub struct GuardedResolver {
    guard: Arc<Guard>,
    scheme: Scheme,
    inner: Arc<dyn Resolve>,
}

impl GuardedResolver {
    /// Filters the answers of `inner` for connections of one scheme.
    pub fn new(guard: Arc<Guard>, scheme: Scheme, inner: Arc<dyn Resolve>) -> GuardedResolver {
        GuardedResolver {
            guard,
            scheme,
            inner,
        }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, scheme) = (self.guard.clone(), self.scheme);
        let answer = self.inner.resolve(name);
        Box::pin(async move {
            let permitted = permitted(&guard, scheme, answer.await?)?;
            if permitted.is_empty() {
                return Err("the name has no address".into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
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
