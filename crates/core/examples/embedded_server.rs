//! An embedded node behind a TCP port, for `redis-cli` and clients of other languages, until Ctrl-C or the end of the input.
//!
//! `cargo xtask embedded --port 6400 --name mine` runs it.
#![expect(clippy::print_stdout, reason = "it tells a person where it listens")]

use std::error::Error;

use redfleet_core::Embedded;
use tokio::io::AsyncReadExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut port, mut node) = (0, Embedded::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("`--port` and `--name` need a value")?;
        match argument.as_str() {
            "--port" => port = value.parse()?,
            "--name" => node = Embedded::named(&value),
            other => {
                return Err(format!("unknown argument `{other}`: there are `--port` and `--name`").into());
            }
        }
    }
    let door = node.listen(port)?;
    println!("{} (without a password, in memory alone; Ctrl-C ends it)", door.url());
    let (mut input, mut ignored) = (tokio::io::stdin(), vec![0; 1024]);
    let ended = async { while !matches!(input.read(&mut ignored).await, Ok(0) | Err(_)) {} };
    tokio::select! {
        biased;
        pressed = tokio::signal::ctrl_c() => pressed?,
        () = ended => {}
    }
    door.shutdown().await;
    // A read of the input that is still under way would keep the process.
    std::process::exit(0)
}
