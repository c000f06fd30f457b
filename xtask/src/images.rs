//! `cargo xtask images`: the servers' images are there: present, else pulled, else built from Debian's packages.

mod apt;
mod build;
mod docker;

use crate::failure::{Failure, Result, fail};
use crate::steps::{self, Done, Step};
use crate::workspace::Workspace;

/// One server's image.
#[derive(Debug)]
pub(crate) struct Image {
    /// How `--image` and `REDFLEET_TEST_IMAGE` name it.
    pub(crate) name: &'static str,
    /// How Docker names it.
    tag: &'static str,
    server: &'static str,
    client: &'static str,
    /// What the server's own `--version` must begin its version with.
    version: &'static str,
    /// Debian's release that carries this version.
    suite: &'static str,
}

/// The images that tests run on; the first is the default.
pub(crate) const IMAGES: [Image; 3] = [
    Image {
        name: "redis:8.0",
        tag: "redis:8.0",
        server: "redis-server",
        client: "redis-cli",
        version: "8.0",
        suite: "trixie",
    },
    Image {
        name: "valkey:8.1",
        tag: "valkey/valkey:8.1",
        server: "valkey-server",
        client: "valkey-cli",
        version: "8.1",
        suite: "trixie",
    },
    Image {
        name: "redis:7.0",
        tag: "redis:7.0",
        server: "redis-server",
        client: "redis-cli",
        version: "7.0",
        suite: "bookworm",
    },
];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        return fail(format!("`images` takes no argument, but there is `{argument}`"));
    }
    steps::run(vec![step(&Workspace::find()?)])
}

/// The step that sees to the images before tests and demos need them.
pub(crate) fn step(workspace: &Workspace) -> Step {
    let folder = workspace.target.join("images");
    Step::new("images", move || {
        let version = docker::answers()?;
        let mut notes = Vec::new();
        for image in &IMAGES {
            notes.push(format!("{} {}", image.name, provide(image, &folder)?));
        }
        Ok(Done::note(format!("{} (Docker {version})", notes.join(", "))))
    })
}

/// Fails unless the image is there. Costs one short call of `docker`.
pub(crate) fn require(image: &Image) -> Result<()> {
    docker::answers()?;
    if docker::is_present(image.tag)? {
        return Ok(());
    }
    fail(format!("the image {} is not there: `cargo xtask images` tells why", image.tag))
}

/// The image that a person calls `name`.
pub(crate) fn named(name: &str) -> Result<&'static Image> {
    let names = || IMAGES.map(|image| image.name).join(", ");
    IMAGES
        .iter()
        .find(|image| image.name == name || image.tag == name)
        .ok_or_else(|| Failure::new(format!("unknown image `{name}`: there are {}, and all", names())))
}

/// Makes one image be there, and says how.
fn provide(image: &Image, folder: &std::path::Path) -> Result<&'static str> {
    if docker::is_present(image.tag)? {
        return Ok("present");
    }
    eprintln!("  {}: pulling", image.tag);
    let how = match docker::pull(image.tag) {
        Ok(()) => "pulled",
        Err(no_pull) => {
            eprintln!("  {}: {no_pull}\n  {}: building it from Debian {}", image.tag, image.tag, image.suite);
            let built = build::build(image, folder);
            built.map_err(|no_build| {
                Failure::new(format!("{}: neither pulled ({no_pull}) nor built ({no_build})", image.tag))
            })?;
            "built"
        }
    };
    docker::verify(image)?;
    Ok(how)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_found_by_either_name_and_an_unknown_one_lists_them() {
        assert_eq!(named("valkey:8.1").unwrap().tag, "valkey/valkey:8.1");
        assert_eq!(named("valkey/valkey:8.1").unwrap().name, "valkey:8.1");
        let error = named("redis:6").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown image `redis:6`: there are redis:8.0, valkey:8.1, redis:7.0, and all"
        );
    }
}
