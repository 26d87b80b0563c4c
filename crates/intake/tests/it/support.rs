//! How the tests read, and where shared material lies.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use doorward_model::inventory::AccountExport;
use doorward_model::reject::Reject;

/// Everything that came out of one source.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event>,
    pub(crate) exports: Vec<AccountExport>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) wrappers: Vec<String>,
    pub(crate) skipped: Vec<String>,
    pub(crate) read: u64,
}

impl Outcome {
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.rejects.iter().map(|reject| reject.reason.to_string()).collect()
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Event(event) => self.events.push(*event),
            Item::Export(export) => self.exports.push(*export),
            Item::Reject(reject) => self.rejects.push(reject),
            Item::Wrapped { name } => self.wrappers.push(name),
            Item::Skipped { kind } => self.skipped.push(kind),
        }
    }
}

pub(crate) fn read_with(limits: Limits, chunks: &[&[u8]]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reader = Reader::new("test", limits);
    for chunk in chunks {
        reader.push(chunk, &mut |item| outcome.take(item));
    }
    let mut rest = Outcome::default();
    let before = reader.read();
    reader.finish(&mut |item| rest.take(item));
    outcome.read = before + (rest.events.len() + rest.rejects.len()) as u64;
    outcome.events.append(&mut rest.events);
    outcome.exports.append(&mut rest.exports);
    outcome.rejects.append(&mut rest.rejects);
    outcome.wrappers.append(&mut rest.wrappers);
    outcome.skipped.append(&mut rest.skipped);
    outcome
}

pub(crate) fn read(bytes: &[u8]) -> Outcome {
    read_with(Limits::default(), &[bytes])
}

/// A file of the shared material, unpacked; `None`, loudly, where it is not there.
pub(crate) fn shared(path: &str) -> Option<Vec<u8>> {
    let path = shared_root().join(path);
    let Ok(packed) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    };
    if !packed.starts_with(&[0x1F, 0x8B]) {
        return Some(packed);
    }
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// The names of the files in a shared folder.
pub(crate) fn shared_files(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(shared_root().join(folder)) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn shared_root() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join(std::env::var("DOORWARD_SHARED").unwrap_or_else(|_| "../shared".to_owned()))
}
