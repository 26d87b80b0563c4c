//! Fingerprints of an hour that are too many for memory: sorted, in files without a name that end with the process.
//!
//! A run holds them in the order of their ids, a block at a time; in memory are a filter, which tells of most new ids
//! that they are in none of the blocks, and the first id of each block. Small runs are merged into larger ones, so that
//! there are few filters to ask. Nothing here is durable, nor has to be: the log has the same fingerprints.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::dedupe::Fingerprint;

/// Where runs are written.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// Where the system has its temporary files.
    Temporary,
}

impl Place {
    fn file(&self) -> io::Result<File> {
        match self {
            Self::Folder(folder) => tempfile::tempfile_in(folder),
            Self::Temporary => tempfile::tempfile(),
        }
    }
}

/// What runs know of a fingerprint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    /// Nothing.
    No,
    /// Its id, with other content.
    Id,
    /// Itself.
    Whole,
}

/// The runs of one hour, each at least twice as long as the next, up to the longest that is merged.
#[derive(Default, Debug)]
pub(crate) struct Runs(Vec<Run>);

impl Runs {
    /// Adds fingerprints, which are sorted. Where filters would take more than so many bytes there are no more of them:
    /// what was added then is found, and takes longer.
    pub(crate) fn add(
        &mut self,
        place: &Place,
        sorted: &[Fingerprint],
        filter_bytes_max: usize,
    ) -> io::Result<()> {
        let long = |run: &&Run| run.length >= RUN_MAX;
        let mut from = self.0.iter().take_while(long).count();
        // All that are not twice as long as what comes after them are merged with it, at once.
        let mut length = sorted.len();
        let mut first = self.0.len();
        for (at, run) in self.0.iter().enumerate().skip(from).rev() {
            if run.length >= length * 2 {
                break;
            }
            (first, length) = (at, length + run.length);
        }
        from = from.max(first);
        let (stay, merged) = self.0.split_at_checked(from).unwrap_or((&self.0, &[]));
        let filters: usize = stay.iter().map(|run| run.filter.bytes()).sum();
        let run = Run::merge(place, merged, sorted, filter_bytes_max.saturating_sub(filters))?;
        self.0.truncate(from);
        self.0.push(run);
        Ok(())
    }

    /// Whether a fingerprint, or another one of its id, is here.
    pub(crate) fn find(&self, fingerprint: Fingerprint) -> io::Result<Known> {
        let mut known = Known::No;
        for run in self.0.iter().filter(|run| run.filter.may_have(fingerprint.id)) {
            match run.find(fingerprint)? {
                Known::Whole => return Ok(Known::Whole),
                Known::Id => known = Known::Id,
                Known::No => {}
            }
        }
        Ok(known)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many fingerprints are here.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|run| run.length).sum()
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|run| run.filter.bytes() + run.firsts.len() * size_of::<u64>()).sum()
    }
}

/// A sorted file.
#[derive(Debug)]
struct Run {
    file: File,
    length: usize,
    /// The first id of each block.
    firsts: Vec<u64>,
    filter: Filter,
}

impl Run {
    /// A run of all that several runs hold, and of what else is there.
    fn merge(
        place: &Place,
        runs: &[Self],
        sorted: &[Fingerprint],
        filter_bytes_max: usize,
    ) -> io::Result<Self> {
        let length = sorted.len() + runs.iter().map(|run| run.length).sum::<usize>();
        let mut heads: Vec<Head<'_>> = runs.iter().map(Head::of_run).collect();
        heads.push(Head::of_slice(sorted));
        for head in &mut heads {
            head.advance()?;
        }
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, place.file()?);
        let (mut firsts, mut filter) =
            (Vec::with_capacity(length / BLOCK + 1), Filter::new(length, filter_bytes_max));
        for at in 0..length {
            let smallest = heads.iter_mut().filter(|head| head.next.is_some()).min_by_key(|head| head.next);
            let Some(head) = smallest else { break };
            let Some(fingerprint) = head.next else { break };
            head.advance()?;
            if at % BLOCK == 0 {
                firsts.push(fingerprint.id);
            }
            filter.add(fingerprint.id);
            file.write_all(&fingerprint.to_bytes())?;
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file, length, firsts, filter })
    }

    fn find(&self, fingerprint: Fingerprint) -> io::Result<Known> {
        // The block before the first one that begins with the id may end with it.
        let first = self.firsts.partition_point(|id| *id < fingerprint.id).saturating_sub(1);
        let end = self.firsts.partition_point(|id| *id <= fingerprint.id);
        let mut known = Known::No;
        let mut block = [0; BLOCK * Fingerprint::BYTES];
        for at in first..end {
            let from = at * BLOCK;
            let bytes = self.length.saturating_sub(from).min(BLOCK) * Fingerprint::BYTES;
            let block = block.get_mut(..bytes).unwrap_or_default();
            self.file.read_exact_at(block, (from * Fingerprint::BYTES) as u64)?;
            let (found, _) = block.as_chunks();
            for found in found.iter().map(Fingerprint::from_bytes) {
                match found.id == fingerprint.id {
                    true if found.content == fingerprint.content => return Ok(Known::Whole),
                    true => known = Known::Id,
                    false => {}
                }
            }
        }
        Ok(known)
    }
}

/// The next one of what is merged.
struct Head<'a> {
    next: Option<Fingerprint>,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Run { file: BufReader<At<'a>>, left: usize },
    Slice(std::slice::Iter<'a, Fingerprint>),
}

impl<'a> Head<'a> {
    fn of_run(run: &'a Run) -> Self {
        let file = BufReader::with_capacity(BUFFER_BYTES, At { file: &run.file, place: 0 });
        Self { next: None, rest: Rest::Run { file, left: run.length } }
    }

    fn of_slice(sorted: &'a [Fingerprint]) -> Self {
        Self { next: None, rest: Rest::Slice(sorted.iter()) }
    }

    fn advance(&mut self) -> io::Result<()> {
        self.next = match &mut self.rest {
            Rest::Slice(rest) => rest.next().copied(),
            Rest::Run { left: 0, .. } => None,
            Rest::Run { file, left } => {
                let mut bytes = [0; Fingerprint::BYTES];
                file.read_exact(&mut bytes)?;
                *left -= 1;
                Some(Fingerprint::from_bytes(&bytes))
            }
        };
        Ok(())
    }
}

/// A file that is read from its beginning, wherever its cursor stands.
struct At<'a> {
    file: &'a File,
    place: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

/// Tells of an id that it is not there, or may be: of a hundred that are not, one or two may be. An id has all its bits in
/// one line of the cache.
#[derive(Debug)]
struct Filter(Vec<[u64; LINE_WORDS]>);

impl Filter {
    /// One without lines, which says of any id that it may be there, where there is no room for more.
    fn new(length: usize, bytes_max: usize) -> Self {
        let lines = length.saturating_mul(BITS_EACH).div_ceil(LINE_WORDS * 64);
        let fits = lines * LINE_WORDS * size_of::<u64>() <= bytes_max;
        Self(vec![[0; LINE_WORDS]; if fits { lines } else { 0 }])
    }

    fn add(&mut self, id: u64) {
        let (line, bits) = self.place(id);
        if let Some(line) = self.0.get_mut(line) {
            for (word, bit) in line.iter_mut().zip(bits) {
                *word |= bit;
            }
        }
    }

    fn may_have(&self, id: u64) -> bool {
        let (line, bits) = self.place(id);
        self.0.get(line).is_none_or(|line| line.iter().zip(bits).all(|(word, bit)| word & bit == bit))
    }

    /// Which line, and which bit of each of its words.
    fn place(&self, id: u64) -> (usize, [u64; LINE_WORDS]) {
        let high = u128::from(id) * (self.0.len() as u128);
        let line = usize::try_from(high >> 64).unwrap_or_default();
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bits = [0; LINE_WORDS];
        for (at, bit) in bits.iter_mut().enumerate() {
            *bit = 1 << ((mixed >> (at * 6)) & 63);
        }
        (line, bits)
    }

    fn bytes(&self) -> usize {
        self.0.len() * LINE_WORDS * size_of::<u64>()
    }
}

/// How many fingerprints are read at once: a page of 4 KiB.
const BLOCK: usize = 256;
/// Runs of so many are not merged any more: merging one takes a quarter of a second at most.
const RUN_MAX: usize = 8_000_000;
const BUFFER_BYTES: usize = 256 * 1024;
/// How many bits of a filter there are for each id.
const BITS_EACH: usize = 12;
const LINE_WORDS: usize = 8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use doorward_model::hash::Hash16;

    use super::*;

    fn drawn(at: u64) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = Hash16::of(&at.to_le_bytes()).0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    const MUCH: usize = 1 << 20;

    /// Adds so many at a time, and compares all that is found with a plain set.
    fn check(
        added: impl Fn(u64) -> Fingerprint,
        (each, rounds): (u64, u64),
        filter_bytes_max: usize,
    ) -> Runs {
        let (mut runs, mut plain) = (Runs::default(), BTreeSet::new());
        for round in 0..rounds {
            let mut sorted: Vec<_> = (round * each..(round + 1) * each).map(&added).collect();
            sorted.sort_unstable();
            runs.add(&Place::Temporary, &sorted, filter_bytes_max).unwrap();
            plain.extend(sorted);
        }
        assert_eq!(runs.len() as u64, each * rounds);
        for fingerprint in &plain {
            assert_eq!(runs.find(*fingerprint).unwrap(), Known::Whole);
            let other = Fingerprint { content: !fingerprint.content, ..*fingerprint };
            let expected = if plain.contains(&other) { Known::Whole } else { Known::Id };
            assert_eq!(runs.find(other).unwrap(), expected);
            let next = Fingerprint { id: fingerprint.id.wrapping_add(1), ..*fingerprint };
            let has_id =
                plain.range(Fingerprint { content: 0, ..next }..=Fingerprint { content: u64::MAX, ..next });
            let expected = match (plain.contains(&next), has_id.count()) {
                (true, _) => Known::Whole,
                (false, 0) => Known::No,
                (false, _) => Known::Id,
            };
            assert_eq!(runs.find(next).unwrap(), expected);
        }
        runs
    }

    #[test]
    fn what_was_added_is_found_and_nothing_else() {
        check(|at| Fingerprint { id: drawn(at), content: at }, (1_000, 9), MUCH);
        // Blocks that are full, and one that begins at a block.
        check(|at| Fingerprint { id: at, content: at }, (BLOCK as u64, 4), MUCH);
        check(|at| Fingerprint { id: at, content: at }, (1, 3), MUCH);
    }

    #[test]
    fn one_id_may_have_more_contents_than_a_block_holds() {
        check(|at| Fingerprint { id: at % 3 * 1_000, content: drawn(at) }, (700, 5), MUCH);
    }

    #[test]
    fn runs_are_few_and_each_is_twice_as_long_as_the_next() {
        let runs = check(|at| Fingerprint { id: drawn(at), content: at }, (10, 100), MUCH);
        let lengths: Vec<_> = runs.0.iter().map(|run| run.length).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] >= pair[1] * 2), "{lengths:?}");
        assert_eq!(lengths, [640, 320, 40]);
    }

    #[test]
    fn without_room_for_filters_all_is_found_all_the_same() {
        let runs = check(|at| Fingerprint { id: drawn(at), content: at }, (100, 13), 1_500);
        let filters: Vec<_> = runs.0.iter().map(|run| (run.length, run.filter.bytes())).collect();
        assert_eq!(filters, [(800, 1_216), (400, 0), (100, 192)]);
    }

    #[test]
    fn most_new_ids_are_told_by_the_filter_alone() {
        let mut filter = Filter::new(100_000, MUCH);
        (0..100_000).for_each(|at| filter.add(drawn(at)));
        assert!((0..100_000).all(|at| filter.may_have(drawn(at))));
        let wrong = (100_000..200_000).filter(|at| filter.may_have(drawn(*at))).count();
        assert!(wrong < 2_000, "{wrong} of 100000");
        assert!(filter.bytes() <= 160_000, "{}", filter.bytes());
    }
}
