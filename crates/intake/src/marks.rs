//! Tables of words that show something wherever they stand in a text.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored};

/// A table of marks, the most telling first, and what each shows.
pub(crate) struct Marks {
    table: &'static [(&'static str, &'static str)],
    /// Finds all marks in one pass; none when the table could not be built, which a test rules out.
    search: LazyLock<Option<AhoCorasick>, fn() -> Option<AhoCorasick>>,
}

/// A mark that was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    /// Where it stands.
    pub(crate) start: usize,
    pub(crate) mark: &'static str,
    pub(crate) shows: &'static str,
}

impl Marks {
    /// A table with the function that builds the search over it.
    pub(crate) const fn new(
        table: &'static [(&'static str, &'static str)],
        build: fn() -> Option<AhoCorasick>,
    ) -> Self {
        Self { table, search: LazyLock::new(build) }
    }

    /// The first mark of the table that a text holds, whatever the case of its letters.
    pub(crate) fn first(&self, text: &str) -> Option<Found> {
        let search = self.search.as_ref()?;
        // Telling that there is none is much cheaper than finding all.
        if !search.is_match(text) {
            return None;
        }
        let input = aho_corasick::Input::new(text).anchored(Anchored::No);
        let found =
            search.find_overlapping_iter(input).min_by_key(|found| (found.pattern(), found.start()))?;
        let (mark, shows) = self.table.get(found.pattern().as_usize())?;
        Some(Found { start: found.start(), mark, shows })
    }
}

/// Builds the search over a table.
pub(crate) fn search(table: &[(&str, &str)]) -> Option<AhoCorasick> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(table.iter().map(|(mark, _)| mark))
        .ok()
}
