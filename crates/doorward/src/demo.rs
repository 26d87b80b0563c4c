//! The files of a simulated organisation.

use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;

use anyhow::{Context, Result, bail};
use doorward_simulate::{Plan, files};
use indicatif::{ProgressBar, ProgressStyle};
use libdeflater::{CompressionLvl, Compressor};

use crate::cli::DemoArgs;

/// Writes logs as they are delivered (gzip), exports, labels, and a page that says what is what.
pub(crate) fn write(args: &DemoArgs) -> Result<()> {
    if fs::read_dir(&args.dir).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: name a folder that is empty or does not exist", args.dir.display());
    }
    let plan = Plan::new(args.seed, args.identities, args.days);
    let bar = progress(args.quiet);
    let mut gzip = Gzip { compressor: Compressor::new(CompressionLvl::default()), packed: Vec::new() };
    let (mut written, mut failed) = (Written::default(), None);
    files(&plan, &mut |path, content| {
        if failed.is_none() {
            failed = gzip.write(&args.dir, path, content, &mut written).err();
            bar.set_message(format!("{} files, {} MiB", written.files, written.bytes >> 20));
            bar.tick();
        }
    });
    bar.finish_and_clear();
    if let Some(error) = failed {
        return Err(error);
    }
    let Written { files, bytes } = written;
    let dir = args.dir.display();
    writeln!(stderr(), "Wrote {files} files, {} KiB, into {dir}. Next: doorward scan {dir}", bytes >> 10)?;
    Ok(())
}

#[derive(Default)]
struct Written {
    files: u64,
    bytes: u64,
}

struct Gzip {
    compressor: Compressor,
    packed: Vec<u8>,
}

impl Gzip {
    fn write(&mut self, dir: &Path, path: &str, content: &[u8], written: &mut Written) -> Result<()> {
        let mut target = dir.join(path);
        let content = if path.starts_with("AWSLogs/") {
            target.as_mut_os_string().push(".gz");
            self.pack(content)?
        } else {
            content
        };
        let told = || format!("cannot write {}", target.display());
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(told)?;
        }
        fs::write(&target, content).with_context(told)?;
        written.files += 1;
        written.bytes += content.len() as u64;
        Ok(())
    }

    fn pack(&mut self, content: &[u8]) -> Result<&[u8]> {
        self.packed.resize(self.compressor.gzip_compress_bound(content.len()), 0);
        let length = self.compressor.gzip_compress(content, &mut self.packed).context("cannot compress")?;
        Ok(self.packed.get(..length).unwrap_or_default())
    }
}

fn progress(quiet: bool) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("writing  {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}
