//! What can go wrong with a log.

use std::io;
use std::path::PathBuf;

use doorward_model::time::Time;

use crate::journal::Position;

/// Why the log could not do what was asked. Nothing is half done when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A fact does not continue the numbering.
    #[error("cannot append fact {found}: the next number is {expected}")]
    FactNumber {
        /// The number it has.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
    /// An observation does not continue the numbering of its partition.
    #[error("cannot append observation {found} of partition {partition}: the next number is {expected}")]
    ObservationNumber {
        /// Its partition.
        partition: u32,
        /// The number it has.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
    /// There is no such partition.
    #[error("cannot append an observation of partition {found}: there is no such partition")]
    Partition {
        /// The partition.
        found: u32,
    },
    /// A record is earlier than the one before it.
    #[error("cannot append a record of {found}: the last one was recorded at {last}")]
    TimeBack {
        /// Its time.
        found: Time,
        /// The time of the last record.
        last: Time,
    },
    /// A batch claims to have seen facts that the log does not have.
    #[error("cannot append records that have seen fact {found}: the last fact is {last}")]
    FactsSeen {
        /// What it claims.
        found: u64,
        /// The last fact with those of the batch itself.
        last: u64,
    },
    /// A record is above the size limit.
    #[error("cannot append a record of {bytes} bytes: the limit is {limit}")]
    RecordTooLarge {
        /// Its encoded size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Content could not be compressed.
    #[error("cannot compress")]
    Compress(#[source] io::Error),
    /// A row is not what was written.
    #[error("cannot read journal row {position}: {reason}")]
    Broken {
        /// The row.
        position: Position,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A row was written by a newer version that this one must not read.
    #[error(
        "cannot read journal row {position}: it asks for a reader of at least format {min_reader}, and this \
         version reads up to format {reads}"
    )]
    NewerRow {
        /// The row.
        position: Position,
        /// The lowest format that a reader must know.
        min_reader: u8,
        /// The format that this version knows.
        reads: u8,
    },
    /// Something beside the rows is not what was written.
    #[error("cannot read the {what} of the journal: it is not what was written")]
    Corrupt {
        /// What it is.
        what: &'static str,
    },
    /// A checkpoint of a position that the log does not have.
    #[error("cannot store a checkpoint of row {found}: the last row is {last}")]
    CheckpointAhead {
        /// Its position.
        found: Position,
        /// The last position.
        last: Position,
    },
    /// A signed head of a row that the log does not have.
    #[error("cannot keep a signed head of row {found}: the last row is {last}")]
    SignedAhead {
        /// Its row.
        found: Position,
        /// The last position.
        last: Position,
    },
    /// The data folder was written by a newer version that this one must not read.
    #[error(
        "cannot open {path}: its {kind} has format {format}, which asks for a reader of at least format \
         {min_reader}, and this version reads up to format {reads}; use the version that wrote it or a newer one"
    )]
    Newer {
        /// The data folder.
        path: PathBuf,
        /// Which stored thing.
        kind: String,
        /// The format it was written in.
        format: u32,
        /// The lowest format that a reader must know.
        min_reader: u32,
        /// The format that this version knows.
        reads: u32,
    },
    /// The data folder belongs to another tenant.
    #[error("cannot open {path} for tenant {asked}: it holds tenant {found}")]
    Tenant {
        /// The data folder.
        path: PathBuf,
        /// Whose it should be.
        asked: String,
        /// Whose it is.
        found: String,
    },
    /// Another process writes this data folder.
    #[error("cannot open {path}: process {holder} is using it")]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// Its process id as it noted it, or `unknown`.
        holder: String,
    },
    /// The target of a copy is there already.
    #[error("cannot copy to {path}: it exists")]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// There is no space left, or the page limit is reached.
    #[error("cannot write to the journal: the disk or its page limit is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Fingerprints of an hour that has too many for memory could not be spilled, or not be read again.
    #[error("cannot use a temporary file for fingerprints of events")]
    Spilling(#[source] io::Error),
    /// A file operation failed.
    #[error("cannot {what} {path}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// SQLite failed.
    #[error("cannot use the journal database")]
    Sqlite(#[source] rusqlite::Error),
}

impl JournalError {
    pub(crate) fn spilling(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(error.into()),
            _ => Self::Spilling(error),
        }
    }
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full(error.into()),
            _ => Self::Sqlite(error),
        }
    }
}
