//! One container: made from a recipe, published on 127.0.0.1 only, removed when it is dropped.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use testcontainers::bollard::Docker;
use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::bollard::query_parameters::{KillContainerOptions, StartContainerOptions};
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, CopyTargetOptions, GenericImage, ImageExt, TestcontainersError};

use super::super::background::background;
use super::image::TestImage;
use super::leash::{LABEL, owner};
use super::work::must;

/// Docker picks a host port, and now and then finds that somebody else was faster.
const ATTEMPTS: usize = 3;

/// What a container is made from, as often as it is wiped.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    /// What the server's program is started with.
    pub(super) args: Vec<String>,
    /// Files in the container and their contents.
    pub(super) files: Vec<(String, String)>,
    /// Ports in the container to publish, or none: then the container uses the host's own network.
    pub(super) ports: Vec<u16>,
    /// The image; the one that was chosen for the process, if it is not said.
    pub(super) image: Option<TestImage>,
    /// A directory of the host that the container sees as `/socket`.
    pub(super) socket_dir: Option<PathBuf>,
}

impl Recipe {
    fn image(&self) -> TestImage {
        self.image.unwrap_or_else(TestImage::chosen)
    }
}

#[derive(Debug)]
pub(super) struct Container {
    docker: Docker,
    /// Only ever absent while it is dropped.
    handle: Option<ContainerAsync<GenericImage>>,
    id: String,
}

impl Container {
    /// Makes and starts a container. The server in it may not be ready yet.
    pub(super) async fn run(recipe: &Recipe) -> Self {
        let docker = must("reach Docker (`cargo xtask images` says more)", docker_client_instance().await);
        recipe.image().must_be_there(&docker).await;
        let mut attempt = 1;
        let handle = loop {
            match start(recipe).await {
                Err(error) if attempt < ATTEMPTS && is_port_taken(&error) => attempt += 1,
                started => break must("start a container", started),
            }
        };
        let id = handle.id().to_owned();
        Self { docker, handle: Some(handle), id }
    }

    /// Where this port of the container is published now. It is another one after each start.
    pub(super) async fn published(&self, port: u16) -> SocketAddr {
        let inspected = must("inspect a container", self.docker.inspect_container(&self.id, None).await);
        let ports = inspected.network_settings.and_then(|settings| settings.ports).unwrap_or_default();
        let bindings = ports.get(&format!("{port}/tcp")).cloned().flatten().unwrap_or_default();
        let found = bindings.iter().find_map(|binding| binding.host_port.as_ref()?.parse().ok());
        let Some(host_port) = found else {
            assert!(self.is_running().await, "{}", self.obituary().await);
            panic!("port {port} of the container is not published");
        };
        (Ipv4Addr::LOCALHOST, host_port).into()
    }

    pub(super) async fn start(&self) {
        let started = self.docker.start_container(&self.id, None::<StartContainerOptions>).await;
        must("start a container again", started);
    }

    /// SIGKILL; the process is gone when this returns.
    pub(super) async fn kill(&self) {
        let killed = self.docker.kill_container(&self.id, None::<KillContainerOptions>).await;
        must("kill a container", killed);
        super::work::until("a killed container to end", || async {
            if self.is_running().await { Err("it still runs".into()) } else { Ok(()) }
        })
        .await;
    }

    pub(super) async fn pause(&self) {
        must("pause a container", self.docker.pause_container(&self.id).await);
    }

    pub(super) async fn unpause(&self) {
        must("unpause a container", self.docker.unpause_container(&self.id).await);
    }

    pub(super) async fn is_running(&self) -> bool {
        let inspected = must("inspect a container", self.docker.inspect_container(&self.id, None).await);
        inspected.state.and_then(|state| state.running).unwrap_or_default()
    }

    /// What to say of a server that ended by itself: its own last words.
    pub(super) async fn obituary(&self) -> String {
        let Some(handle) = &self.handle else { return String::new() };
        let (out, err) = (handle.stdout_to_vec().await, handle.stderr_to_vec().await);
        let words = [out.unwrap_or_default(), err.unwrap_or_default()].concat();
        format!("a server ended as it started: {}", String::from_utf8_lossy(&words))
    }
}

impl Drop for Container {
    /// Removes it in the background. If the process ends before, the leash does it.
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            background().spawn(async move { handle.rm().await.ok() });
        }
    }
}

async fn start(recipe: &Recipe) -> Result<ContainerAsync<GenericImage>, TestcontainersError> {
    let image = recipe.image();
    let (name, tag) = image.name_and_tag();
    // The program itself, not the image's start script: that one would give up the rights to write the files.
    let mut generic = GenericImage::new(name, tag).with_entrypoint(image.program());
    for port in &recipe.ports {
        generic = generic.with_exposed_port(port.tcp());
    }
    let ports = recipe.ports.clone();
    let mut request = generic
        .with_cmd(recipe.args.clone())
        .with_label(LABEL, owner())
        .with_host_config_modifier(move |config| keep_on_loopback(config, &ports));
    for (path, text) in &recipe.files {
        let target = CopyTargetOptions::new(path).with_mode(0o644);
        request = request.with_copy_to(target, text.clone().into_bytes());
    }
    if let Some(dir) = &recipe.socket_dir {
        request = request.with_mount(Mount::bind_mount(dir.to_string_lossy(), "/socket"));
    }
    request.start().await
}

/// Publishes these ports on 127.0.0.1 alone, or, where there are none, uses the host's network.
fn keep_on_loopback(config: &mut HostConfig, ports: &[u16]) {
    let published = |port: &u16| {
        let binding = PortBinding { host_ip: Some(Ipv4Addr::LOCALHOST.to_string()), host_port: None };
        (format!("{port}/tcp"), Some(vec![binding]))
    };
    config.publish_all_ports = Some(false);
    config.port_bindings = Some(ports.iter().map(published).collect());
    if ports.is_empty() {
        config.network_mode = Some("host".into());
    }
}

fn is_port_taken(error: &TestcontainersError) -> bool {
    let text = error.to_string();
    text.contains("address already in use") || text.contains("port is already allocated")
}
