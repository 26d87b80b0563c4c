//! Whether what was news once is so still.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::analysis::{Entrance, entrances};
use crate::atlas::Atlas;
use crate::news::{NewsKind, Standing};

/// What is possible as of an atlas, to be asked about what was found before.
#[derive(Debug)]
pub struct Possible<'a> {
    atlas: &'a Atlas,
    standing: Standing,
    /// What is open to whom from outside.
    entrances: OnceCell<BTreeMap<String, Vec<Entrance>>>,
}

impl<'a> Possible<'a> {
    /// As of an atlas.
    #[must_use]
    pub fn of(atlas: &'a Atlas) -> Self {
        Self { atlas, standing: Standing::of(atlas), entrances: OnceCell::new() }
    }

    /// Whether somebody who had gained a way of a kind, to some things, has one still.
    #[must_use]
    pub fn has(&self, kind: NewsKind, who: &str, to: &[String]) -> bool {
        match (kind, self.atlas.estate.find(who)) {
            (NewsKind::OutsideTrust, _) => {
                let open = self.entrances.get_or_init(|| {
                    let mut open: BTreeMap<String, Vec<Entrance>> = BTreeMap::new();
                    for one in entrances(&self.atlas.estate) {
                        open.entry(one.into.clone()).or_default().push(one);
                    }
                    open
                });
                to.iter().filter_map(|into| open.get(into)).flatten().any(|one| one.is_open_to(who))
            }
            (NewsKind::Escalation, Some(id)) => self.standing.is_able(id),
            (NewsKind::TierZero, Some(id)) => self.standing.is_near_top(id),
            (NewsKind::Escalation | NewsKind::TierZero, None) => false,
        }
    }
}
