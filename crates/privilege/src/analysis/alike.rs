//! What actors share. Where an actor leads to in a part depends on what policies say of the permissions of that part: of
//! all of whom the same documents say it, one is asked, and the others lead to the same.

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::analysis::Drawing;
use crate::analysis::actor::{Masks, Text, Voice};
use crate::analysis::assume::Assumable;
use crate::analysis::draft::{Cause, Lead};
use crate::analysis::part::Parts;
use crate::analysis::question::Acting;
use crate::estate::{AccountId, Estate};
use crate::graph::NodeId;
use crate::interest::Mask;
use crate::request::CallerKind;

/// All that the answers about some permissions depend on, of an actor.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Standing {
    account: AccountId,
    is_role: bool,
    /// Whether it is a principal as it is.
    is_real: bool,
    /// Whether control policies limit it.
    is_limited: bool,
    boundary: Option<Text>,
    /// What of it is allowed on everything, without conditions: of that, only what denies matters beside.
    free: Mask,
    /// The documents that say more of it.
    documents: Vec<Text>,
}

/// A part for a standing, with what beside the policies its edges depend on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Question {
    part: Parts,
    beside: u32,
    standing: Standing,
}

/// What is found out of an actor in a part, beside its edges.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Whom it may assume.
    pub(super) assumable: Rc<Assumable>,
    /// What is missing for a method that would work otherwise.
    pub(super) missing: Option<String>,
}

/// Where the actors of a standing lead to in a part, and what else was found.
type Drawn = (Vec<(NodeId, bool, Cause)>, Found);

/// What is known of standings.
#[derive(Debug, Default)]
pub(super) struct Alike {
    known: HashMap<Question, Rc<Drawn>>,
    /// What control policies say to one identity and not to another.
    personal: Mask,
}

impl Alike {
    pub(super) fn new(estate: &Estate, masks: &Masks) -> Self {
        let mut personal = Mask::default();
        let voices = estate.limits().filter_map(|id| masks.voice(id));
        voices.for_each(|voice| personal.join(&voice.said.personal));
        Self { known: HashMap::new(), personal }
    }

    /// What an actor has in common with others as to a part that needs some permissions; `None` where it may be like
    /// nobody else.
    pub(super) fn question(
        &self,
        (acting, masks): (&Acting<'_>, &Masks),
        (part, mask): (Parts, &Mask),
        beside: u32,
    ) -> Option<Question> {
        let is_common = !self.personal.meets(mask);
        let standing = is_common.then(|| Standing::of((acting, masks), mask)).flatten()?;
        Some(Question { part, beside, standing })
    }
}

impl Drawing<'_> {
    /// Leads an actor to where another of the same standing leads, or draws it by itself: `draw` tells whether others
    /// may share it.
    pub(super) fn alike(
        &mut self,
        (from, question): (NodeId, Option<Question>),
        draw: impl FnOnce(&mut Self) -> (Found, bool),
    ) -> Found {
        if let Some(known) = question.as_ref().and_then(|question| self.alike.known.get(question)) {
            let (leads, found) = &**known;
            let own = leads.iter().map(|(to, only_if, cause)| Lead {
                from,
                to: *to,
                only_if: *only_if,
                cause: *cause,
            });
            self.leads.extend(own);
            return found.clone();
        }
        let first = self.leads.len();
        let (found, is_shared) = draw(self);
        if let Some(question) = question.filter(|_| is_shared) {
            let own = self.leads.iter().skip(first).filter(|lead| lead.from == from);
            let leads = own.map(|lead| (lead.to, lead.only_if, lead.cause)).collect();
            self.alike.known.insert(question, Rc::new((leads, found.clone())));
        }
        found
    }
}

impl Standing {
    /// Of an actor, as to some permissions; `None` where it may be like nobody else.
    fn of((acting, masks): (&Acting<'_>, &Masks), mask: &Mask) -> Option<Self> {
        let actor = acting.actor;
        let voices = actor.voices(masks);
        let is_whole = voices.all.len() == actor.policies.len();
        let is_bound = actor.boundary.is_some() == voices.boundary.is_some();
        let mut all = voices.all.iter().chain(&voices.boundary);
        if !is_whole || !is_bound || all.any(|voice| voice.said.personal.meets(mask)) {
            return None;
        }
        let (mut free, mut bound) = (voices.freed, *mask);
        free.keep(mask);
        bound.leave(&free);
        let speaks = |voice: &&Arc<Voice>| {
            !voice.is_read || voice.said.denies.meets(mask) || voice.said.allows.meets(&bound)
        };
        let mut documents: Vec<Text> = voices.all.iter().filter(speaks).map(|voice| voice.text).collect();
        documents.sort_unstable();
        documents.dedup();
        Some(Self {
            account: actor.account,
            is_role: matches!(acting.caller.kind, CallerKind::Role(_)),
            is_real: actor.variant.is_none(),
            is_limited: acting.is_limited(),
            boundary: voices.boundary.as_ref().map(|voice| voice.text),
            free,
            documents,
        })
    }
}
