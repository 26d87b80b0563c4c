//! Whether what was news once is so still.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::analysis::entrances;
use crate::atlas::Atlas;
use crate::news::{NewsKind, Standing};

/// What is possible as of an atlas, to be asked about what was found before.
#[derive(Debug)]
pub struct Possible<'a> {
    atlas: &'a Atlas,
    standing: Standing,
    /// What is open to whom from outside.
    entrances: OnceCell<BTreeSet<(String, String)>>,
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
                    entrances(&self.atlas.estate).into_iter().map(|one| (one.into, one.who)).collect()
                });
                to.iter().any(|into| open.contains(&(into.clone(), who.to_owned())))
            }
            (NewsKind::Escalation, Some(id)) => self.standing.is_able(id),
            (NewsKind::TierZero, Some(id)) => self.standing.is_near_top(id),
            (NewsKind::Escalation | NewsKind::TierZero, None) => false,
        }
    }
}
