//! Where a server listens, as it sees it itself, and what it is therefore started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::super::port::Port;
use super::container::Recipe;
use super::options::{Role, ServerOptions};
use super::work::must;

/// Ports inside of a container with a network of its own.
const PLAIN: u16 = 6379;
const TLS: u16 = 6380;

const CONFIG: &str = "/tmp/server.conf";

/// The ports that the server itself listens on; on the host's network they are kept for its whole life.
#[derive(Debug)]
pub(super) struct Ports {
    kept: Vec<Port>,
    pub(super) plain: u16,
    pub(super) tls: u16,
    bus: u16,
}

impl Ports {
    pub(super) fn choose(is_on_host: bool) -> Self {
        if !is_on_host {
            return Self { kept: Vec::new(), plain: PLAIN, tls: TLS, bus: 0 };
        }
        let mut kept = Vec::new();
        let mut reserve = || {
            let port = must("find a free port", Port::reserve());
            let number = port.addr().port();
            kept.push(port);
            number
        };
        let (plain, tls, bus) = (reserve(), reserve(), reserve());
        Self { kept, plain, tls, bus }
    }

    /// The address of a port that is the host's own.
    pub(super) fn on_host(&self, number: u16) -> Option<SocketAddr> {
        self.kept.iter().map(Port::addr).find(|addr| addr.port() == number)
    }

    pub(super) const fn bus(&self) -> u16 {
        self.bus
    }

    /// The container for a server with these options, which clients see at `announced`.
    pub(super) fn recipe(
        &self,
        options: &ServerOptions,
        announced: SocketAddr,
        socket_dir: Option<PathBuf>,
    ) -> Recipe {
        let mut recipe = Recipe { socket_dir, image: options.image, ..Recipe::default() };
        let mut lines: Vec<String> =
            vec![format!("port {}", self.plain), "protected-mode no".into(), "dir /tmp".into()];
        if options.is_on_host {
            lines.push("bind 127.0.0.1".into());
        } else {
            recipe.ports.push(self.plain);
        }
        if let Some((files, clients)) = &options.tls {
            for (name, text) in [("ca", &files.ca_pem), ("cert", &files.cert_pem), ("key", &files.key_pem)] {
                recipe.files.push((format!("/tmp/{name}.pem"), text.clone()));
            }
            lines.push(format!("tls-port {}", self.tls));
            lines.push("tls-ca-cert-file /tmp/ca.pem".into());
            lines.push("tls-cert-file /tmp/cert.pem".into());
            lines.push("tls-key-file /tmp/key.pem".into());
            lines.push(format!("tls-auth-clients {}", clients.word()));
            if !options.is_on_host {
                recipe.ports.push(self.tls);
            }
        }
        if recipe.socket_dir.is_some() {
            lines.push("unixsocket /socket/server.sock".into());
            lines.push("unixsocketperm 777".into());
        }
        recipe.args.push(CONFIG.into());
        match &options.role {
            Role::Sentinel(config) => {
                lines.push("sentinel announce-ip 127.0.0.1".into());
                lines.push(format!("sentinel announce-port {}", announced.port()));
                lines.push(config.clone());
                recipe.args.push("--sentinel".into());
            }
            Role::Alone => lines.extend(persistence(options)),
            Role::Watched => {
                lines.extend(persistence(options));
                lines.push("replica-announce-ip 127.0.0.1".into());
                lines.push(format!("replica-announce-port {}", announced.port()));
            }
            Role::ClusterNode => {
                lines.extend(persistence(options));
                lines.push("cluster-enabled yes".into());
                // A node that a busy machine stops for a moment is not down, and keeps its links to the others.
                lines.push("cluster-node-timeout 3000".into());
                lines.push(format!("cluster-port {}", self.bus));
                lines.push("cluster-announce-ip 127.0.0.1".into());
                lines.push(format!("cluster-announce-port {}", announced.port()));
                lines.push(format!("cluster-announce-bus-port {}", self.bus));
            }
        }
        recipe.args.extend(options.args.iter().flatten().cloned());
        recipe.files.push((CONFIG.into(), lines.join("\n") + "\n"));
        recipe
    }
}

fn persistence(options: &ServerOptions) -> Vec<String> {
    let mut lines = vec!["save \"\"".into(), "enable-debug-command yes".into()];
    if options.is_durable {
        lines.push("appendonly yes".into());
        // Written before it is acknowledged, which outlives a killed process; only a machine that dies needs more,
        // and a slow disk would make every acknowledgement slow.
        lines.push("appendfsync no".into());
    }
    lines
}
