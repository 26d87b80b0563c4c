//! What actors share. Where an actor leads to in a part depends on what policies say of the permissions of that part: of
//! all of whom the same documents say it, one is asked, and the others lead to the same.

use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::analysis::Drawing;
use crate::analysis::actor::{Masks, Text, Voice};
use crate::analysis::assume::Assumable;
use crate::analysis::bounds::Common;
use crate::analysis::draft::Lead;
use crate::analysis::part::Parts;
use crate::analysis::question::Acting;
use crate::estate::{AccountId, Estate};
use crate::graph::NodeId;
use crate::interest::Mask;
use crate::request::CallerKind;

/// All that the answers about some permissions depend on, of an actor.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Standing {
    account: AccountId,
    is_role: bool,
    /// Whether it is a principal as it is.
    is_real: bool,
    /// Control policies do not limit it then.
    is_service_linked: bool,
    /// What it has in common with others of what control policies go by, where they tell identities apart.
    common: Common,
    boundary: Option<Text>,
    /// What of it is allowed on everything, without conditions: of that, only what denies matters beside.
    free: Mask,
    /// The documents that say more of it.
    documents: Vec<Text>,
}

/// A part for a standing, with what beside the policies its edges depend on.
#[derive(Debug)]
pub(super) struct Question {
    part: Parts,
    beside: u32,
    standing: Standing,
}

/// What is found out of an actor in a part, beside its edges.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Whom it may assume, where the part is about that.
    pub(super) assumable: Option<Rc<Assumable>>,
    /// What is missing for a method that would work otherwise.
    pub(super) missing: Option<String>,
}

/// A question, with the number of its standing: one standing is that of many parts.
type Key = (Parts, u32, u32);

/// Where the first actor of a standing leads to in a part, and what else was found.
type Drawn = (Box<[Lead]>, Found);

/// What is known of standings.
#[derive(Debug)]
pub(super) struct Alike {
    standings: HashMap<Standing, u32>,
    known: HashMap<Key, Drawn>,
    /// How many sets of roles that somebody may assume were drawn.
    assumables: u32,
    /// What control policies say to one identity and not to another.
    personal: Mask,
}

impl Alike {
    pub(super) fn new(estate: &Estate, masks: &Masks) -> Self {
        let mut personal = Mask::default();
        let voices = estate.limits().filter_map(|id| masks.voice(id));
        voices.for_each(|voice| personal.join(&voice.said.personal));
        Self { standings: HashMap::new(), known: HashMap::new(), assumables: 0, personal }
    }

    /// A number for a set of roles, which no other has.
    pub(super) const fn number(&mut self) -> u32 {
        self.assumables += 1;
        self.assumables
    }

    fn key(&mut self, Question { part, beside, standing }: Question) -> Key {
        let next = u32::try_from(self.standings.len()).unwrap_or(u32::MAX);
        (part, beside, *self.standings.entry(standing).or_insert(next))
    }
}

impl Drawing<'_> {
    /// What an actor has in common with others as to a part that needs some permissions; `None` where it may be like
    /// nobody else.
    pub(super) fn question(
        &self,
        acting: &Acting<'_>,
        (part, mask): (Parts, &Mask),
        beside: u32,
    ) -> Option<Question> {
        let is_personal = self.alike.personal.meets(mask);
        let common = if is_personal { self.drawn.bounds.common(acting.actor.principal)? } else { None };
        let standing = Standing::of((acting, &self.drawn.masks), mask)?;
        Some(Question { part, beside, standing: Standing { common, ..standing } })
    }

    /// Leads an actor to where another of the same standing leads, or draws it by itself: `draw` tells whether others
    /// may share it.
    pub(super) fn alike(
        &mut self,
        (from, question): (NodeId, Option<Question>),
        draw: impl FnOnce(&mut Self) -> (Found, bool),
    ) -> Found {
        let key = question.map(|question| self.alike.key(question));
        if let Some((leads, found)) = key.and_then(|key| self.alike.known.get(&key)) {
            self.leads.extend(leads.iter().map(|lead| Lead { from, ..*lead }));
            return found.clone();
        }
        let first = self.leads.len();
        let (found, is_shared) = draw(self);
        if let Some(key) = key.filter(|_| is_shared) {
            let own = self.leads.iter().skip(first).filter(|lead| lead.from == from).copied();
            self.alike.known.insert(key, (own.collect(), found.clone()));
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
            is_service_linked: acting.caller.is_service_linked(),
            common: None,
            boundary: voices.boundary.as_ref().map(|voice| voice.text),
            free,
            documents,
        })
    }
}
