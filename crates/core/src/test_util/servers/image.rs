//! Which server is tested: one of three images, chosen by an environment variable.

use std::env;

use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as DockerError;
use tokio::sync::OnceCell;

const VARIABLE: &str = "REDFLEET_TEST_IMAGE";

/// Whether Docker and the image are there is asked once a process, of each image.
static IS_THERE: [OnceCell<()>; 3] = [const { OnceCell::const_new() }; 3];

/// An image that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TestImage {
    /// Redis 8.0, the default.
    Redis80,
    /// Valkey 8.1.
    Valkey81,
    /// Redis 7.0.
    Redis70,
}

impl TestImage {
    /// The image that `REDFLEET_TEST_IMAGE` names.
    ///
    /// # Panics
    ///
    /// If it names none of ours.
    #[must_use]
    pub fn chosen() -> Self {
        let chosen = env::var(VARIABLE).unwrap_or_default();
        match chosen.as_str() {
            "" | "redis:8.0" => Self::Redis80,
            "valkey:8.1" => Self::Valkey81,
            "redis:7.0" => Self::Redis70,
            _ => panic!("{VARIABLE} is {chosen:?}: use redis:8.0, valkey:8.1 or redis:7.0"),
        }
    }

    /// The image's name and tag, as Docker knows them.
    #[must_use]
    pub const fn name_and_tag(self) -> (&'static str, &'static str) {
        match self {
            Self::Redis80 => ("redis", "8.0"),
            Self::Valkey81 => ("valkey/valkey", "8.1"),
            Self::Redis70 => ("redis", "7.0"),
        }
    }

    /// The server's program in the image.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Redis80 | Self::Redis70 => "redis-server",
            Self::Valkey81 => "valkey-server",
        }
    }

    /// Panics with what to do if Docker or the image is not there.
    pub(super) async fn must_be_there(self, docker: &Docker) {
        let [redis80, valkey81, redis70] = &IS_THERE;
        let is_there = match self {
            Self::Redis80 => redis80,
            Self::Valkey81 => valkey81,
            Self::Redis70 => redis70,
        };
        is_there.get_or_init(|| self.look_for(docker)).await;
    }

    async fn look_for(self, docker: &Docker) {
        let (name, tag) = self.name_and_tag();
        match docker.inspect_image(&format!("{name}:{tag}")).await {
            Ok(_) => {}
            Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => {
                panic!("the image {name}:{tag} is not there: run `cargo xtask images`")
            }
            Err(error) => panic!(
                "Docker does not answer, and tests on real servers need it ({error}): see that it runs, then \
                 run `cargo xtask images`"
            ),
        }
    }
}
