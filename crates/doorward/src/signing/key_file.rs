//! The file that holds the private key of an instance.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use doorward_proof::Ed25519;
use zeroize::Zeroizing;

/// Its name in a data folder.
pub(crate) const NAME: &str = "instance.key";

/// Where it lies in a data folder.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// A key that was read, or made.
pub(crate) enum Opened {
    Read(Ed25519),
    Made(Ed25519),
    /// There is no room for one.
    Full(io::Error),
}

/// The key in a file, if there is one.
pub(crate) fn look(path: &Path) -> Result<Option<Ed25519>> {
    match File::open(path) {
        Ok(file) => read(file, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot open {}", path.display())),
    }
}

/// Reads the key of a data folder; makes one from random bytes when there is none.
pub(crate) fn open(folder: &Path, random: impl FnOnce() -> [u8; Ed25519::SEED_BYTES]) -> Result<Opened> {
    let path = path(folder);
    match look(&path)? {
        Some(key) => Ok(Opened::Read(key)),
        None => make(&path, &Zeroizing::new(random())),
    }
}

/// Copies the key of one folder into another, where it must not be yet; tells whether there is one.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<bool> {
    let (from, to) = (path(from), path(to));
    let file = match File::open(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened.with_context(|| format!("cannot open {}", from.display()))?,
    };
    let text = text(file, &from)?;
    write(&to, &text).with_context(|| format!("cannot write {}", to.display()))?;
    Ok(true)
}

fn read(file: File, path: &Path) -> Result<Ed25519> {
    let text = text(file, path)?;
    Ed25519::read(&text).with_context(|| {
        format!(
            "cannot read {}: it is no instance key of this release; bring back the file as it was, or move it away, \
             and the next start makes another key",
            path.display()
        )
    })
}

/// What stands in a key file that nobody but its owner can read.
fn text(file: File, path: &Path) -> Result<Zeroizing<String>> {
    let told = || format!("cannot read {}", path.display());
    let mode = file.metadata().with_context(told)?.permissions().mode();
    if mode & OTHERS != 0 {
        bail!(
            "cannot use {}: others may read or change it (mode {:04o}), and whoever has read it can sign what never \
             happened; chmod 600 it if nobody has, else move it away, and the next start makes another key",
            path.display(),
            mode & 0o7777
        );
    }
    let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES_MAX));
    file.take(TEXT_BYTES_MAX as u64).read_to_string(&mut text).with_context(told)?;
    Ok(text)
}

fn make(path: &Path, seed: &[u8; Ed25519::SEED_BYTES]) -> Result<Opened> {
    let secret = Ed25519::write(seed);
    match write(path, secret.expose()) {
        Ok(()) => Ok(Opened::Made(Ed25519::from_seed(seed).context("cannot make an instance key")?)),
        Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            Ok(Opened::Full(error))
        }
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// Writes the file whole or not at all, and makes it durable. It is never there with other permissions.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("key.new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&unfinished)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        fs::remove_file(&unfinished)?;
        return Err(error);
    }
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;
/// More than a key takes.
const TEXT_BYTES_MAX: usize = 256;
