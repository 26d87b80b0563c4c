//! What others take, as processes of their own.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use libdeflater::Decompressor;

use crate::watched::{Watched, watched};
use crate::{SIZES, export, whole};

/// So often this program answers for the small account.
const RUNS: u32 = 20;

/// Where a peer lies; said aloud, where it does not.
pub(crate) fn home(name: &str) -> Option<PathBuf> {
    let home = env::var_os("DOORWARD_PEERS").map(|folder| Path::new(&folder).join(name));
    let home = home.filter(|home| home.join("installed").exists());
    if home.is_none() {
        println!("SKIPPED: {name} is not installed: `cargo xtask bench privilege` does that");
    }
    home
}

/// A program of ours that drives a peer.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/peers").join(name)
}

/// Cloudsplaining on the smaller account: it writes findings and a report. It does not know the key that says that there
/// are no more pages.
pub(crate) fn cloudsplaining() {
    let Some(home) = home("cloudsplaining-0.9.1") else { return };
    let reports = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cloudsplaining");
    fs::create_dir_all(&reports).unwrap();
    let [roles, _] = SIZES;
    let path = export(roles);
    let text = fs::read_to_string(&path).unwrap();
    let path = path.with_extension("unpaged.json");
    fs::write(&path, text.replace(r#","IsTruncated":false}"#, "}")).unwrap();
    let mut scan = Command::new(home.join("bin/cloudsplaining"));
    scan.args(["scan", "--skip-open-report", "--input-file"]).arg(path).arg("--output").arg(reports);
    let Watched { cpu, peak } = watched(scan.stderr(Stdio::null()), Stdio::null());
    println!("privilege/{roles} cloudsplaining: cpu {} peak {peak}", cpu.as_nanos());
}

/// PMapper on an account of 122 principals, and this program on the same.
pub(crate) fn pmapper() {
    let Some(home) = home("principalmapper-1.1.5") else { return };
    let Some(shared) = env::var_os("DOORWARD_SHARED") else {
        println!(
            "SKIPPED: PMapper, because DOORWARD_SHARED does not say where the export is that it is given"
        );
        return;
    };
    let dump = Path::new(&shared).join("corpus/iam/gaad/cloudsplaining-example-iam-vulnerable.json.gz");
    let Ok(packed) = fs::read(&dump) else {
        println!("SKIPPED: PMapper, because {} is not there", dump.display());
        return;
    };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iam-vulnerable.json");
    fs::write(&path, unpacked(&packed)).unwrap();
    let mut python = Command::new(home.join("bin/python"));
    let output = File::create(path.with_extension("pmapper")).unwrap();
    let theirs = watched(python.arg(script("pmapper.py")).arg(&path), output.into());
    // The kernel counts hundredths of a second.
    let ours: Vec<(Watched, [usize; 2])> = (0..RUNS).map(|_| whole(&[&path])).collect();
    let cpu = ours.iter().map(|(one, _)| one.cpu).sum::<Duration>() / RUNS;
    let (Watched { peak, .. }, [principals, _]) = ours.first().unwrap();
    println!("privilege/122: cpu {} peak {peak} principals {principals}", cpu.as_nanos());
    println!("privilege/122 pmapper: cpu {} peak {}", theirs.cpu.as_nanos(), theirs.peak);
}

/// What a gzip file holds that is smaller than 4 GiB: its last four bytes say how much that is.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let size = packed.last_chunk::<4>().map(|size| u32::from_le_bytes(*size)).unwrap();
    let mut plain = vec![0; usize::try_from(size).unwrap()];
    Decompressor::new().gzip_decompress(packed, &mut plain).unwrap();
    plain
}
