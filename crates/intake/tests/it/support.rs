//! How the tests read, and where shared material lies.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use doorward_model::inventory::AccountExport;
use doorward_model::reject::Reject;

/// Everything that came out of one source.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event>,
    pub(crate) exports: Vec<AccountExport>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) wrappers: Vec<String>,
    pub(crate) skipped: Vec<String>,
    /// What the reader counted before its end.
    pub(crate) read: u64,
}

impl Outcome {
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.rejects.iter().map(|reject| reject.reason.to_string()).collect()
    }

    /// Ids of events, reasons of rejects, wrappers and skipped kinds, in a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let ids = self.events.iter().map(|event| event.id.clone());
        let exports = self.exports.iter().map(|export| format!("export {}", export.account));
        let wrappers = self.wrappers.iter().map(|name| format!("wrapped {name}"));
        let skipped = self.skipped.iter().map(|kind| format!("skipped {kind}"));
        let rejects = self
            .rejects
            .iter()
            .map(|it| format!("reject {} at {}..{}: {}", it.record, it.bytes.start, it.bytes.end, it.reason));
        ids.chain(exports).chain(wrappers).chain(skipped).chain(rejects).collect()
    }

    pub(crate) fn take(&mut self, item: Item) {
        match item {
            Item::Event(event) => self.events.push(*event),
            Item::Export(export) => self.exports.push(*export),
            Item::Reject(reject) => self.rejects.push(reject),
            Item::Wrapped { name } => self.wrappers.push(name),
            Item::Skipped { kind } => self.skipped.push(kind),
        }
    }
}

/// Reads chunks, and checks that every record is counted once.
pub(crate) fn read_with(limits: Limits, chunks: &[&[u8]]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reader = Reader::new("test", limits);
    for chunk in chunks {
        reader.push(chunk, &mut |item| outcome.take(item));
    }
    outcome.read = reader.read();
    assert_eq!(outcome.read, (outcome.events.len() + outcome.rejects.len()) as u64);
    reader.finish(&mut |item| outcome.take(item));
    let numbers: Vec<u64> = outcome.rejects.iter().map(|reject| reject.record).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    assert!(numbers.last().is_none_or(|last| *last <= (outcome.events.len() + outcome.rejects.len()) as u64));
    outcome
}

pub(crate) fn read(bytes: &[u8]) -> Outcome {
    read_with(Limits::default(), &[bytes])
}

/// A small record that is whole.
pub(crate) fn record(id: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"Root","accountId":"111122223333"}},"eventTime":"2026-03-02T09:15:00Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers","eventID":"{id}"}}"#
    )
}

/// The single event of a small record with these fields added or replaced.
pub(crate) fn event(fields: serde_json::Value) -> Event {
    let mut outcome = read(record_with(fields).as_bytes());
    assert_eq!(outcome.reasons(), Vec::<String>::new());
    assert_eq!(outcome.events.len(), 1);
    outcome.events.remove(0)
}

/// A small record with these fields added or replaced.
pub(crate) fn record_with(fields: serde_json::Value) -> String {
    let mut record: serde_json::Value = serde_json::from_str(&record("one")).unwrap();
    let serde_json::Value::Object(fields) = fields else { panic!("fields are an object") };
    record.as_object_mut().unwrap().extend(fields);
    record.to_string()
}

/// A file of the shared material, unpacked; `None`, loudly, where it is not there.
#[expect(clippy::disallowed_methods, reason = "a test may read files")]
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

/// The names of the packed files in a shared folder.
pub(crate) fn shared_packed(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(shared_root().join(folder)) else {
        eprintln!("SKIPPED: {folder} is not there");
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".gz")).collect();
    names.sort();
    names
}

#[expect(clippy::disallowed_methods, reason = "where shared material lies is said by the environment")]
fn shared_root() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join(std::env::var("DOORWARD_SHARED").unwrap_or_else(|_| "../shared".to_owned()))
}
