//! The primary that the sentinels name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::dial::{Dial, Dialed};
use super::link::{Link, OnPush};
use super::url::{Access, Address, Endpoint};
use crate::error::{LinkError, convert};

/// Connects to whatever the sentinels call the primary of `service` at that moment.
///
/// All sentinels are asked at the same time. The address that more than half of them name is taken at once, so a
/// dead one costs nothing, and one that was cut off and is behind does not decide alone. Only when all others have
/// failed, or half of the time to connect has passed, is a smaller number believed. The link then sees by ROLE that
/// the server agrees.
#[derive(Debug)]
pub(super) struct Sentinels {
    pub(super) sentinels: Vec<Endpoint>,
    pub(super) service: Arc<str>,
    pub(super) servers: Access,
}

impl Sentinels {
    async fn primary(&self) -> Result<Address, LinkError> {
        let mut asked: FuturesUnordered<_> =
            self.sentinels.iter().map(|sentinel| self.ask(sentinel)).collect();
        let mut named: BTreeMap<Address, usize> = BTreeMap::new();
        let mut reasons = Vec::new();
        let until = Instant::now() + self.servers.connect_within / 2;
        while let Ok(Some(answer)) = timeout_at(until, asked.next()).await {
            match answer {
                Ok(address) => {
                    let votes = named.entry(address).or_default();
                    *votes += 1;
                    if *votes > self.sentinels.len() / 2 {
                        break;
                    }
                }
                Err(reason) => reasons.push(reason),
            }
        }
        named.into_iter().max_by_key(|(_, votes)| *votes).map(|(address, _)| address).ok_or_else(|| {
            LinkError::NoPrimary { service: self.service.to_string(), reasons: reasons.join("; ") }
        })
    }

    async fn ask(&self, sentinel: &Endpoint) -> Result<Address, String> {
        let on_push: OnPush = Arc::new(|_| ());
        let link = Link::establish(sentinel, 0, on_push, || {}, &Arc::default()).await;
        let link = link.map_err(|reason| reason.to_string())?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&*self.service);
        let reply = link.call(&question).await.and_then(convert);
        let address: Option<(String, u16)> =
            reply.map_err(|error| format!("{}: {error}", sentinel.address))?;
        let (host, port) =
            address.ok_or_else(|| format!("{} does not know the service", sentinel.address))?;
        Ok(Address::tcp(host, port))
    }
}

#[async_trait]
impl Dial for Sentinels {
    async fn dial(&self) -> Result<Dialed, LinkError> {
        let primary = self.servers.at(self.primary().await?);
        Ok(Dialed { must_be_primary: true, ..primary.dial().await? })
    }

    fn within(&self) -> Duration {
        self.servers.connect_within
    }

    fn to(&self) -> String {
        format!("the primary of {}", self.service)
    }
}
