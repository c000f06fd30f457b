//! The leash: a child process that removes this process's containers when it has died, however it died.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::work::must;

/// The label that says whose a container is.
pub(super) const LABEL: &str = "redfleet.owner";

/// Where Docker is asked first if the environment does not say.
const SOCKET: &str = "/var/run/docker.sock";

/// Reads until the only writer is gone, then sweeps for twenty seconds, ever less often: a container that was just being
/// made when the process died appears a little later, on a busy machine some seconds.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
cat > /dev/null
rm -rf "$2"
for pause in 0.25 0.25 0.25 0.25 0.25 0.25 0.25 0.25 0.5 0.5 0.5 0.5 1 1 1 1 2 2 3 3 0; do
    ids=$(docker ps -aq --filter "label=$1")
    if [ -n "$ids" ]; then docker rm -f -v $ids; fi
    sleep $pause
done
"#;

static LEASH: LazyLock<Leash> = LazyLock::new(Leash::hold);

#[derive(Debug)]
struct Leash {
    owner: String,
    dir: PathBuf,
    /// It holds the only write end of the pipe, which the kernel closes when this process ends, kill -9 included.
    _child: Child,
}

/// The name by which this process's containers are labelled: `redfleet.owner=OWNER`. Asking for it starts the
/// leash.
///
/// # Panics
///
/// If the leash cannot be started: no container may run without it.
#[must_use]
pub fn owner() -> &'static str {
    &LEASH.owner
}

/// A directory of this process's own, removed with its containers.
pub(super) fn dir() -> &'static Path {
    must("make a directory", fs::create_dir_all(&LEASH.dir));
    &LEASH.dir
}

impl Leash {
    fn hold() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let owner = format!("{}-{:x}", std::process::id(), since.as_nanos());
        let dir = env::temp_dir().join(format!("redfleet-{owner}"));
        let docker = Command::new("docker").arg("--version").stdout(Stdio::null()).status();
        must("find the `docker` command, which removes containers at the end", docker);

        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "leash", &format!("{LABEL}={owner}")]).arg(&dir);
        // Not our outputs: whoever reads them to their end would wait for the leash too.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        // A group of its own: what a terminal kills with us must not kill the leash.
        command.process_group(0);
        if env::var_os("DOCKER_HOST").is_none() && Path::new(SOCKET).exists() {
            command.env("DOCKER_HOST", format!("unix://{SOCKET}"));
        }
        let child = must("start the leash", command.spawn());
        Self { owner, dir, _child: child }
    }
}
