//! Whom policies let in from outside, as answers tell it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::{Entrance, entrances};
use crate::atlas::Atlas;
use crate::federation::Breadth;
use crate::usage::StepAnswer;

/// That somebody from outside is let into a role or a resource.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct OutsideAnswer {
    /// What it leads into: a role or a resource, by its ARN.
    pub into: String,
    /// Who is let in: an account, an identity of one, somebody for whom an issuer vouches, or `*` for everybody.
    pub who: String,
    /// What they are called.
    pub words: String,
    /// How many they may be: anyone, some of one organisation, account or application, or one.
    pub breadth: Breadth,
    /// What must hold for it that is not known; empty where nothing must.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_if: Vec<String>,
    /// The statements by which it is.
    pub statement: Vec<String>,
    /// Conditions of these that keep nobody out, because a token without what they ask for passes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub void: Vec<String>,
    /// Whether anybody came in by it, as the log of the account shows; nothing where no log is known.
    pub usage: Option<StepAnswer>,
}

/// Everybody who is let in from outside: the widest first, and without conditions first, up to a count.
#[must_use]
pub fn outside(atlas: &Atlas, count: usize) -> Vec<OutsideAnswer> {
    let mut all = entrances(&atlas.estate);
    all.sort_by(|one, other| {
        let key = |one: &Entrance| (one.breadth, one.only_if.is_some());
        key(one).cmp(&key(other)).then_with(|| (&one.into, &one.who).cmp(&(&other.into, &other.who)))
    });
    let told = |Entrance { into, who, words, breadth, only_if, statements, void, .. }| OutsideAnswer {
        into,
        who,
        words,
        breadth,
        only_if: only_if.into_iter().collect(),
        statement: statements,
        void,
        usage: None,
    };
    all.into_iter().take(count).map(told).collect()
}
