//! How records become rows: packed, compressed, and chained by hash; and back.
//!
//! A row holds facts, events or decisions, never two of them, so that observations can expire while facts stay, and
//! each kind of them after a time of its own. Its header
//! holds the hash of its content and is hashed itself together with the hash of the row before: a row whose
//! content has expired still proves its place. Header and content are hashed as the bytes that are stored, so
//! an older reader can verify what a newer writer has added to.

use std::fmt;
use std::ops::ControlFlow;

use doorward_model::id::FactNumber;
use doorward_model::record::{FactRecord, Observation, Record};
use doorward_model::time::Time;
use prost::Message;
use zstd::bulk::{Compressor, Decompressor};

use crate::error::JournalError;
use crate::journal::{
    Batch, ChainHash, Content, End, Head, Kept, Position, RECORD_BYTES_MAX, ROW_BYTES_MAX, ROW_RECORDS_MAX,
    Row, Verified,
};

/// The version of the encoding of rows that this release writes and reads.
pub(crate) const ROW_FORMAT: u8 = 2;
const LEVEL: i32 = 1;

/// What stays of a row for ever.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RowHeader {
    #[prost(uint64, tag = "1")]
    pub(crate) position: u64,
    #[prost(enumeration = "RowKind", tag = "2")]
    pub(crate) kind: i32,
    #[prost(uint64, tag = "3")]
    pub(crate) facts_seen: u64,
    #[prost(int64, tag = "4")]
    pub(crate) recorded_at_ms: i64,
    #[prost(uint64, tag = "5")]
    pub(crate) records: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) unpacked_bytes: u64,
    /// BLAKE3 of the packed bytes.
    #[prost(bytes = "vec", tag = "7")]
    pub(crate) packed_hash: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum RowKind {
    Unknown = 0,
    Facts = 1,
    /// Events; in rows of format 1 decisions as well.
    Observations = 2,
    Decisions = 3,
}

impl RowKind {
    fn of(record: &Record) -> Self {
        match record {
            Record::Fact(_) => Self::Facts,
            Record::Observation(seen) if seen.decision.is_some() => Self::Decisions,
            Record::Observation(_) => Self::Observations,
        }
    }

    /// What a packed row begins with: two letters, the format, the lowest format that its reader must know.
    const fn magic(self) -> [u8; 4] {
        let min_reader = match self {
            Self::Unknown | Self::Facts | Self::Observations => 1,
            Self::Decisions => 2,
        };
        [b'D', b'W', ROW_FORMAT, min_reader]
    }

    /// As what it is kept; facts are kept for ever.
    pub(crate) const fn kept(self) -> Option<Kept> {
        match self {
            Self::Unknown | Self::Facts => None,
            Self::Observations => Some(Kept::Events),
            Self::Decisions => Some(Kept::Decisions),
        }
    }
}

/// A row as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SealedRow {
    pub(crate) position: Position,
    pub(crate) header: Vec<u8>,
    /// Absent when the content has expired.
    pub(crate) packed: Option<Vec<u8>>,
    pub(crate) hash: ChainHash,
}

/// A batch as it is stored, and the head after it.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) rows: Vec<SealedRow>,
    pub(crate) head: Head,
}

/// Turns batches into rows; keeps its buffers.
pub(crate) struct Sealer {
    unpacked: Vec<u8>,
    compressor: Compressor<'static>,
}

/// The row that is being filled.
#[derive(Clone, Copy)]
struct Open {
    kind: RowKind,
    records: usize,
    recorded_at: Time,
}

impl Open {
    /// Whether a record of this kind may be added that makes it so many bytes.
    fn has_room(&self, kind: RowKind, bytes: usize) -> bool {
        self.kind == kind && self.records < ROW_RECORDS_MAX && bytes <= ROW_BYTES_MAX
    }
}

impl Sealer {
    pub(crate) fn new() -> Result<Self, JournalError> {
        let compressor = Compressor::new(LEVEL).map_err(JournalError::Compress)?;
        Ok(Self { unpacked: Vec::with_capacity(ROW_BYTES_MAX * 2), compressor })
    }

    /// The rows of a batch that follows `head`.
    pub(crate) fn seal(&mut self, head: &Head, batch: &Batch<'_>) -> Result<Sealed, JournalError> {
        let mut sealed = Sealed { rows: Vec::new(), head: head.clone() };
        let mut open: Option<Open> = None;
        self.unpacked.clear();
        for record in batch.records {
            sealed.head.advance(record)?;
            let start = self.unpacked.len();
            self.encode(record)?;
            let kind = RowKind::of(record);
            if let Some(row) = open.take_if(|row| !row.has_room(kind, self.unpacked.len())) {
                self.close(&mut sealed, row, batch.facts_seen, start)?;
            }
            let records = open.map_or(0, |row| row.records) + 1;
            open = Some(Open { kind, records, recorded_at: sealed.head.recorded_at });
        }
        sealed.head.has_facts(batch.facts_seen)?;
        if let Some(row) = open {
            let end = self.unpacked.len();
            self.close(&mut sealed, row, batch.facts_seen, end)?;
        }
        Ok(sealed)
    }

    fn encode(&mut self, record: &Record) -> Result<(), JournalError> {
        let start = self.unpacked.len();
        match record {
            Record::Fact(fact) => write(fact.as_ref(), &mut self.unpacked),
            Record::Observation(seen) => write(seen.as_ref(), &mut self.unpacked),
        }
        let bytes = self.unpacked.len() - start;
        if bytes > RECORD_BYTES_MAX {
            return Err(JournalError::RecordTooLarge { bytes, limit: RECORD_BYTES_MAX });
        }
        Ok(())
    }

    /// Makes a row of the first `end` bytes that wait; what follows them waits for the next.
    fn close(
        &mut self,
        sealed: &mut Sealed,
        row: Open,
        facts_seen: FactNumber,
        end: usize,
    ) -> Result<(), JournalError> {
        let content = self.unpacked.get(..end).unwrap_or(&self.unpacked);
        let mut packed = row.kind.magic().to_vec();
        packed.append(&mut self.compressor.compress(content).map_err(JournalError::Compress)?);
        let header = RowHeader {
            position: sealed.head.position.next().0,
            kind: row.kind.into(),
            facts_seen: facts_seen.0,
            recorded_at_ms: row.recorded_at.ms(),
            records: row.records as u64,
            unpacked_bytes: content.len() as u64,
            packed_hash: blake3::hash(&packed).as_bytes().to_vec(),
        };
        self.unpacked.drain(..end);
        let header = header.encode_to_vec();
        sealed.head.position = sealed.head.position.next();
        sealed.head.hash = link(sealed.head.hash, &header);
        let (position, hash) = (sealed.head.position, sealed.head.hash);
        sealed.rows.push(SealedRow { position, header, packed: Some(packed), hash });
        Ok(())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

fn write(message: &impl Message, to: &mut Vec<u8>) {
    let length = message.encoded_len();
    prost::encoding::encode_varint(length as u64, to);
    to.reserve(length);
    message.encode_raw(to);
}

/// The hash of a row with this header after a row with this hash.
fn link(before: ChainHash, header: &[u8]) -> ChainHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0);
    hasher.update(header);
    ChainHash(*hasher.finalize().as_bytes())
}

/// What the chain of a tenant begins with.
pub(crate) fn genesis(tenant: &str) -> ChainHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"doorward journal\0");
    hasher.update(tenant.as_bytes());
    ChainHash(*hasher.finalize().as_bytes())
}

/// Gives stored rows to `visit` in order until it breaks, each after a check that it follows the one before.
pub(crate) fn visit_rows(
    rows: impl Iterator<Item = Result<SealedRow, JournalError>>,
    visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    let mut before: Option<(Position, ChainHash)> = None;
    for row in rows {
        let row = row?;
        if let Some((position, hash)) = before.replace((row.position, row.hash)) {
            row.verify(position, hash)?;
        }
        if visit(row.open()?).is_break() {
            break;
        }
    }
    Ok(())
}

/// Walks rows from the first one, tells what the end was after each, and compares the last one with the head.
pub(crate) fn verify_chain(
    genesis: ChainHash,
    head: &Head,
    rows: impl Iterator<Item = Result<SealedRow, JournalError>>,
    each: &mut dyn FnMut(&End),
) -> Result<Verified, JournalError> {
    let mut verified = Verified { rows: 0, expired: 0 };
    let mut end = (Position(0), genesis);
    let (mut facts, mut observations) = (0, 0);
    for row in rows {
        let row = row?;
        let header = row.verify(end.0, end.1)?;
        end = (row.position, row.hash);
        match header.kind() {
            RowKind::Facts => facts += header.records,
            RowKind::Observations | RowKind::Decisions => observations += header.records,
            RowKind::Unknown => {}
        }
        match row.packed {
            Some(_) => verified.rows += 1,
            None => verified.expired += 1,
        }
        each(&End {
            position: row.position,
            fact: FactNumber(facts),
            recorded_at: Time::from_ms(header.recorded_at_ms),
            hash: row.hash,
        });
    }
    if end != (head.position, head.hash) {
        return Err(JournalError::Broken {
            position: end.0.next(),
            reason: "the head names another last row",
        });
    }
    if (facts, observations) != (head.fact.0, head.partitions.iter().sum()) {
        return Err(JournalError::Corrupt { what: "head" });
    }
    Ok(verified)
}

impl SealedRow {
    /// Its header.
    pub(crate) fn header(&self) -> Result<RowHeader, JournalError> {
        RowHeader::decode(self.header.as_slice()).map_err(|_| self.broken("its header cannot be decoded"))
    }

    /// How many events it holds or has held, whose fingerprints are kept.
    pub(crate) fn events(&self) -> Result<u64, JournalError> {
        let header = self.header()?;
        Ok(if header.kind() == RowKind::Observations { header.records } else { 0 })
    }

    /// Checks that it is the row after `before`, unchanged.
    fn verify(&self, before: Position, hash: ChainHash) -> Result<RowHeader, JournalError> {
        if self.position != before.next() {
            return Err(JournalError::Broken { position: before.next(), reason: "it is missing" });
        }
        let header = self.header()?;
        if header.position != self.position.0 {
            return Err(self.broken("its header belongs to another row"));
        }
        if self.hash != link(hash, &self.header) {
            return Err(self.broken("its hash does not follow from its header and the row before"));
        }
        match &self.packed {
            Some(packed) if blake3::hash(packed).as_bytes() != header.packed_hash.as_slice() => {
                Err(self.broken("its content is not what was written"))
            }
            None if header.kind().kept().is_none() => Err(self.broken("its content is missing")),
            _ => Ok(header),
        }
    }

    /// Its records, after a check that its content is what was written.
    pub(crate) fn open(&self) -> Result<Row, JournalError> {
        let header = self.header()?;
        let content = match &self.packed {
            None if header.kind().kept().is_some() => Content::Expired(header.records),
            None => return Err(self.broken("its content is missing")),
            Some(packed) => Content::Records(self.unpack(&header, packed)?),
        };
        Ok(Row {
            position: self.position,
            facts_seen: FactNumber(header.facts_seen),
            recorded_at: Time::from_ms(header.recorded_at_ms),
            content,
        })
    }

    fn unpack(&self, header: &RowHeader, packed: &[u8]) -> Result<Vec<Record>, JournalError> {
        if blake3::hash(packed).as_bytes() != header.packed_hash.as_slice() {
            return Err(self.broken("its content is not what was written"));
        }
        let Some((&[b'D', b'W', _, min_reader], frame)) = packed.split_first_chunk() else {
            return Err(self.broken("it does not begin as a row does"));
        };
        if min_reader > ROW_FORMAT {
            return Err(JournalError::NewerRow { position: self.position, min_reader, reads: ROW_FORMAT });
        }
        let size = usize::try_from(header.unpacked_bytes).unwrap_or(usize::MAX);
        if size > RECORD_BYTES_MAX + ROW_BYTES_MAX {
            return Err(self.broken("it is larger than a row may be"));
        }
        let unpacked = Decompressor::new().and_then(|mut open| open.decompress(frame, size));
        let unpacked = unpacked.map_err(|_| self.broken("it cannot be decompressed"))?;
        decode(header, &unpacked).ok_or_else(|| self.broken("its records cannot be decoded"))
    }

    fn broken(&self, reason: &'static str) -> JournalError {
        JournalError::Broken { position: self.position, reason }
    }
}

fn decode(header: &RowHeader, mut bytes: &[u8]) -> Option<Vec<Record>> {
    let mut records = Vec::with_capacity(usize::try_from(header.records).ok()?.min(ROW_RECORDS_MAX));
    while !bytes.is_empty() {
        records.push(match header.kind() {
            RowKind::Facts => Record::Fact(Box::new(FactRecord::decode_length_delimited(&mut bytes).ok()?)),
            RowKind::Observations | RowKind::Decisions => {
                Record::Observation(Box::new(Observation::decode_length_delimited(&mut bytes).ok()?))
            }
            RowKind::Unknown => return None,
        });
    }
    (records.len() as u64 == header.records).then_some(records)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use doorward_model::record::{Fact, FactRecord, ImportCommitted, Record};
    use prost::Message;

    use super::{RowHeader, SealedRow, Sealer, genesis, link, verify_chain, visit_rows};
    use crate::journal::{Batch, Content, Head, Verified};

    fn fact() -> Record {
        fact_of(1, "111122223333")
    }

    fn fact_of(number: u64, account: &str) -> Record {
        let import = ImportCommitted { account: account.to_owned(), ..ImportCommitted::default() };
        let fact = Some(Fact::ImportCommitted(import));
        Record::Fact(Box::new(FactRecord { number, recorded_at_ms: 5, fact }))
    }

    fn sealed(head: &Head, record: Record) -> (SealedRow, Head) {
        let batch = Batch { records: &[record], facts_seen: head.fact };
        let mut sealed = Sealer::new().unwrap().seal(head, &batch).unwrap();
        (sealed.rows.remove(0), sealed.head)
    }

    /// A row with one fact, changed, with the hashes that a writer of such rows would give it.
    fn row(change: impl Fn(&mut Vec<u8>, &mut RowHeader)) -> (SealedRow, Head) {
        let (mut row, mut head) = sealed(&Head::empty(genesis("")), fact());
        let mut header = row.header().unwrap();
        change(row.packed.as_mut().unwrap(), &mut header);
        header.packed_hash = blake3::hash(row.packed.as_ref().unwrap()).as_bytes().to_vec();
        row.header = header.encode_to_vec();
        head.hash = link(genesis(""), &row.header);
        (SealedRow { hash: head.hash, ..row }, head)
    }

    fn read(row: &SealedRow) -> Result<Content, String> {
        let mut content = None;
        let visited = visit_rows([Ok(row.clone())].into_iter(), &mut |row| {
            content = Some(row.content);
            ControlFlow::Continue(())
        });
        visited.map(|()| content.unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_row_that_was_replaced_with_all_its_hashes_breaks_the_next() {
        let (_, head) = sealed(&Head::empty(genesis("")), fact());
        let (second, end) = sealed(&head, fact_of(2, "111122223333"));
        let (forged, _) = sealed(&Head::empty(genesis("")), fact_of(1, "999999999999"));
        let found =
            verify_chain(genesis(""), &end, [Ok(forged), Ok(second)].into_iter(), &mut |_| {}).unwrap_err();
        assert_eq!(
            found.to_string(),
            "cannot read journal row 2: its hash does not follow from its header and the row before"
        );
    }

    #[test]
    fn what_a_newer_writer_adds_to_a_header_is_skipped_and_still_verified() {
        let (mut row, mut head) = row(|_, _| {});
        // Field 100, a string, unknown to this version.
        row.header.extend([0xa2, 0x06, 0x03, b'n', b'e', b'w']);
        row.hash = link(genesis(""), &row.header);
        head.hash = row.hash;
        assert_eq!(read(&row), Ok(Content::Records(vec![fact()])));
        let verified = verify_chain(genesis(""), &head, [Ok(row.clone())].into_iter(), &mut |_| {});
        assert_eq!(verified.unwrap(), Verified { rows: 1, expired: 0 });
        row.header.pop();
        assert_eq!(read(&row), Err("cannot read journal row 1: its header cannot be decoded".to_owned()));
    }

    #[test]
    fn a_row_for_newer_readers_is_refused_and_still_verified() {
        let (row, head) = row(|packed, _| packed[2..4].copy_from_slice(&[3, 3]));
        assert_eq!(
            read(&row),
            Err("cannot read journal row 1: it asks for a reader of at least format 3, and this version reads \
                 up to format 2"
                .to_owned())
        );
        let verified = verify_chain(genesis(""), &head, [Ok(row)].into_iter(), &mut |_| {});
        assert_eq!(verified.unwrap(), Verified { rows: 1, expired: 0 });
    }

    #[test]
    fn a_row_that_only_looks_right_is_refused() {
        type Change = fn(&mut Vec<u8>, &mut RowHeader);
        let changes: [(Change, &str); 5] = [
            (|packed, _| packed[0] = b'X', "it does not begin as a row does"),
            (|packed, _| packed.truncate(12), "it cannot be decompressed"),
            (|_, header| header.unpacked_bytes = 1 << 40, "it is larger than a row may be"),
            (|_, header| header.records = 2, "its records cannot be decoded"),
            (|_, header| header.kind = 9, "its records cannot be decoded"),
        ];
        for (change, reason) in changes {
            assert_eq!(read(&row(change).0), Err(format!("cannot read journal row 1: {reason}")));
        }
    }
}
