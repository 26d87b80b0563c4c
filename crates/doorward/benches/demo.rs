//! `doorward demo` of so many identities as are said, or else 1,000,000, that act for a day: CPU time of the whole
//! process, and the most memory it ever had. The files go below the build folder, and are removed again.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/resident.rs"]
mod resident;
#[path = "../../../benches/watched.rs"]
mod watched;

use std::process::{Command, Stdio};

use crate::asked::asked;
use crate::watched::{Watched, watched};

const IDENTITIES: u32 = 1_000_000;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if !asked(&arguments) {
        return;
    }
    let said = arguments.iter().find_map(|argument| argument.parse::<u32>().ok());
    let identities = said.unwrap_or(IDENTITIES);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_doorward"));
    demo.args(["demo", "--quiet", "--days", "1", "--identities", &identities.to_string()]);
    demo.arg(folder.path());
    let Watched { cpu, peak } = watched(&mut demo, Stdio::null());
    println!("demo/{identities}: cpu {} peak {peak} identities {identities}", cpu.as_nanos());
}
