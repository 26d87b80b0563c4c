//! Who reaches which data, and at which level: buckets, keys, secrets, tables, queues and what else holds something.
//!
//! Nobody is compared with every bucket. Resources that policies treat alike are one class; of a class, one question
//! answers for all that no statement tells apart, and one edge leads to them: into a lot, which leads on to halves of
//! itself, down to single resources.

mod guards;
mod index;
mod kinds;
mod things;

use std::ops::Range;
use std::sync::Arc;

use doorward_model::time::Time;

pub use self::kinds::{DataKind, KINDS, On, Uses};

pub(super) use self::index::{Guards, Key};
pub(super) use self::kinds::permissions;

use self::guards::{Class, Concerned};
use self::things::{Rest, Spread};
use crate::analysis::Drawing;
use crate::analysis::actor::Actor;
use crate::analysis::alike::Found;
use crate::analysis::assume::Where;
use crate::analysis::draft::{Cause, Lot, Place, PoolKey, PoolOf};
use crate::analysis::explain::Evidence;
use crate::analysis::method::Asked;
use crate::analysis::part::Parts;
use crate::analysis::question::{Acting, Outsider};
use crate::estate::{AccountId, Estate};
use crate::graph::{Level, NodeId};
use crate::interest::{Interest, Mask};
use crate::targets::Certainty;

/// What is needed to say who reaches which data.
#[derive(Clone, Debug)]
pub(super) struct Data {
    pub(super) guards: Guards,
    /// By kind.
    ways: Arc<[Ways]>,
}

/// What gives levels over things of one kind.
#[derive(Debug)]
struct Ways {
    /// Permissions, the highest level first.
    uses: Vec<Use>,
    /// All of them.
    mask: Mask,
}

/// A permission that gives a level.
#[derive(Debug)]
struct Use {
    level: Level,
    on: On,
    asked: Asked,
    mask: Mask,
}

/// What is had over something: the highest level for sure, and a higher one if something holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Gain {
    certain: Option<Level>,
    only_if: Option<Level>,
}

impl Gain {
    fn of(level: Level, certainty: Option<Certainty>) -> Self {
        match certainty {
            Some(Certainty::Certain) => Self { certain: Some(level), only_if: None },
            Some(Certainty::OnlyIf) => Self { certain: None, only_if: Some(level) },
            None => Self::default(),
        }
    }

    fn join(self, other: Self) -> Self {
        let certain = self.certain.max(other.certain);
        let only_if = self.only_if.max(other.only_if).filter(|level| Some(*level) > certain);
        Self { certain, only_if }
    }

    /// What it comes to, as edges.
    fn edges(self) -> impl Iterator<Item = (Level, Certainty)> {
        let sure = self.certain.map(|level| (level, Certainty::Certain));
        sure.into_iter().chain(self.only_if.map(|level| (level, Certainty::OnlyIf)))
    }

    /// Whether a use of a level would add nothing.
    fn has(self, level: Level) -> bool {
        self.certain >= Some(level)
    }
}

impl Spread<Gain> {
    fn join(&mut self, other: &Self) {
        for place in other.apart.keys() {
            self.apart.entry(*place).or_insert(self.rest);
        }
        for (place, own) in &mut self.apart {
            *own = own.join(other.apart.get(place).copied().unwrap_or(other.rest));
        }
        self.rest = self.rest.join(other.rest);
    }

    /// Whether a use of a level would add nothing anywhere.
    fn has(&self, level: Level) -> bool {
        self.rest.has(level) && self.apart.values().all(|gain| gain.has(level))
    }
}

impl Data {
    /// Of an estate.
    pub(super) fn new(estate: &Estate, interest: &Interest, as_of: Time) -> Self {
        let ways = |kind: &DataKind| {
            let named =
                kind.uses.iter().flat_map(|uses| uses.permissions.iter().map(move |name| (uses, name)));
            let one = |(uses, name): (&Uses, &&str)| Use {
                level: uses.level,
                on: uses.on,
                asked: Asked::plain(name, as_of),
                mask: interest.of(name),
            };
            let uses: Vec<Use> = named.map(one).collect();
            let mut mask = Mask::default();
            uses.iter().for_each(|one| mask.join(&one.mask));
            Ways { uses, mask }
        };
        Self { guards: Guards::new(estate, interest), ways: KINDS.iter().map(ways).collect() }
    }

    /// Kinds of which an actor may reach something without being named.
    pub(super) fn able(&self, actor: &Actor) -> Parts {
        let mut able = Parts::NONE;
        for (kind, ways) in (0u32..).zip(self.ways.iter()) {
            let is_open = || self.guards.is_open((actor.account, kind as usize));
            if actor.gains(&ways.mask) && (actor.limited.meets(&ways.mask) || is_open()) {
                able = able.or(Parts::data(kind));
            }
        }
        able
    }

    /// Kinds of which something is reached by such permissions.
    pub(super) fn reached_by(&self, is_such: impl Fn(&str) -> bool) -> Parts {
        let asks = |ways: &Ways| ways.uses.iter().any(|one| is_such(one.asked.permission.name()));
        let asking = (0u32..).zip(self.ways.iter()).filter(|(_, ways)| asks(ways));
        asking.map(|(kind, _)| Parts::data(kind)).fold(Parts::NONE, Parts::or)
    }

    /// All who are let in from outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = Arc<str>> {
        self.guards.outside().cloned()
    }

    /// Whether somebody is let in from outside.
    pub(super) fn lets_in(&self, name: &str) -> bool {
        !self.guards.letting_in(name).is_empty()
    }
}

impl Drawing<'_> {
    /// Draws which data an actor reaches, of the kinds of some parts.
    pub(super) fn use_data(&mut self, acting: &Acting<'_>, place: Where, parts: Parts) {
        let data = self.drawn.data.clone();
        let actor = acting.actor;
        let is_meant =
            |(kind, ways): &(u32, &Ways)| parts.meets(Parts::data(*kind)) && actor.gains(&ways.mask);
        for (kind, ways) in (0u32..).zip(data.ways.iter()).filter(is_meant) {
            let holds = actor.limited.meets(&ways.mask);
            let groups = data.guards.of(actor.principal, (actor.account, kind as usize));
            let classes = groups.iter().flat_map(|group| group.concerning(actor.principal, actor.account));
            let is_asked = |(class, apart, _): &Concerned<'_>| {
                (holds || class.admits.meets(&ways.mask) || !apart.is_empty())
                    && (place == Where::Anywhere || class.account != actor.account)
            };
            let classes: Vec<Concerned<'_>> = classes.filter(is_asked).collect();
            let is_common = classes.iter().all(|(class, apart, _)| apart.is_empty() && !class.is_personal);
            let part = (Parts::data(kind), &ways.mask);
            let question = if is_common { self.question(acting, part, place as u32) } else { None };
            self.alike((actor.node, question), |drawing| {
                for (class, apart, whole) in classes {
                    let gained = gained(acting, &ways.uses, (class, apart, whole));
                    drawing.lead_to_data(actor.node, class, 0..class.things.count(), &gained);
                }
                (Found::default(), true)
            });
        }
    }

    /// Leads an actor to what it has over the members of a class between two places: by one edge where it is the same
    /// over all of them.
    fn lead_to_data(&mut self, from: NodeId, class: &Class, range: Range<usize>, gained: &Spread<Gain>) {
        let mut apart = gained.apart.range(range.clone()).map(|(_, gain)| *gain);
        let same = match range.len() {
            1 => Some(apart.next().unwrap_or(gained.rest)),
            _ => apart.all(|gain| gain == gained.rest).then_some(gained.rest),
        };
        let Some(gain) = same else {
            let (one, other) = halves(range);
            self.lead_to_data(from, class, one, gained);
            self.lead_to_data(from, class, other, gained);
            return;
        };
        if gain == Gain::default() {
            return;
        }
        if let Some(to) = self.lot(class, range) {
            for (level, certainty) in gain.edges() {
                self.lead(from, to, (certainty, Cause::Can(level, number(class.kind))));
            }
        }
    }

    /// The node of the members of a class between two places, which leads to each of them.
    fn lot(&mut self, class: &Class, range: Range<usize>) -> Option<NodeId> {
        if range.len() < 2 {
            return class.things.resource(range.start).map(|place| self.drawn.board.resource(place));
        }
        let (from, to) = (number(range.start), number(range.end));
        let lot = Lot { kind: number(class.kind), shape: class.shape, from, to };
        let key = PoolKey { account: class.account, of: PoolOf::Data(lot) };
        let (node, is_new) = self.drawn.board.at(Place::Pool(key));
        if is_new {
            self.lead_to_parts(node, class, range);
        }
        Some(node)
    }

    /// Leads a lot to its halves, or to its members where these are few.
    fn lead_to_parts(&mut self, node: NodeId, class: &Class, range: Range<usize>) {
        let parts: Vec<Range<usize>> = match range.len() {
            ..=LOT_MAX => range.map(|place| place..place + 1).collect(),
            _ => <[_; 2]>::from(halves(range)).into(),
        };
        for part in parts {
            if let Some(to) = self.lot(class, part) {
                self.lead(node, to, (Certainty::Certain, Cause::Member));
            }
        }
    }

    /// Leads a lot that is there to its parts, as far as there are any.
    pub(super) fn lead_to_lot(&mut self, node: NodeId, account: AccountId, lot: Lot) {
        let group = self.drawn.data.guards.group((account, lot.kind as usize)).cloned();
        let class = group.as_ref().and_then(|group| group.class(lot.shape));
        let range = lot.from as usize..lot.to as usize;
        if let Some(class) = class.filter(|class| range.end <= class.things.count()) {
            self.lead_to_parts(node, class, range);
        }
    }

    /// Draws what resources let in somebody from outside.
    pub(super) fn let_in_to_data(&mut self, name: &str, from: impl Fn(&mut Self) -> NodeId) {
        let data = self.drawn.data.clone();
        let Some(outsider) = Outsider::new(self.ground, name) else { return };
        for place in data.guards.letting_in(name) {
            let Some(resource) = self.estate.resource(place) else { continue };
            let at = KINDS.iter().position(|kind| kind.words.contains(&&*resource.kind));
            let found = at.and_then(|at| Some((at, KINDS.get(at)?, data.ways.get(at)?)));
            let Some((at, kind, ways)) = found else { continue };
            let gains = ways.uses.iter().map(|one| {
                let on = kind.asked(&resource.id, one.on);
                Gain::of(one.level, outsider.has(&one.asked, &on))
            });
            let gain = gains.fold(Gain::default(), Gain::join);
            let to = self.drawn.board.resource(place);
            for (level, certainty) in gain.edges() {
                let from = from(self);
                self.lead(from, to, (certainty, Cause::Can(level, number(at))));
            }
        }
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What an actor has over the resources of a class: over those whose policies name it, and, if the whole class is
/// meant, over all others.
fn gained(
    acting: &Acting<'_>,
    uses: &[Use],
    (class, apart, whole): (&Class, &[usize], bool),
) -> Spread<Gain> {
    let mut gained = Spread::<Gain>::default();
    for one in uses {
        // Of who holds no such permission, only policies that name it or everybody have something to say.
        let rest = match whole {
            true if class.admits.holds(&one.mask) => Rest::LetIn,
            true if acting.actor.limited.holds(&one.mask) => Rest::Own,
            _ => Rest::Out,
        };
        if gained.has(one.level) || rest == Rest::Out && apart.is_empty() {
            continue;
        }
        let said = acting.said_in(&one.asked.permission, class.account);
        let spread = class.things.spread((&said, one.on), (apart, rest), &mut |arn| {
            Gain::of(one.level, acting.has(&one.asked, arn))
        });
        gained.join(&spread);
    }
    gained
}

/// More resources than these are led to by halves.
const LOT_MAX: usize = 8;

fn halves(range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let middle = range.start.midpoint(range.end);
    (range.start..middle, middle..range.end)
}

/// Whoever is asked whether it has a permission on an ARN, and shows why.
pub(super) trait Asks {
    /// Whether it has a permission.
    fn has(&self, asked: &Asked, arn: &str) -> Option<Certainty>;
    /// Shows what lets it have one.
    fn show(&self, asked: &Asked, arn: &str, evidence: &mut Evidence);
}

/// What lets somebody have a level over a resource: the permission that it has most surely.
pub(super) fn explain(
    who: &impl Asks,
    (kind, arn): (&str, &str),
    (level, as_of): (Level, Time),
    evidence: &mut Evidence,
) {
    let Some(kind) = DataKind::of(kind) else { return };
    let mut best: Option<(Certainty, Asked, String)> = None;
    for uses in kind.uses.iter().filter(|uses| uses.level == level) {
        for name in uses.permissions {
            let (asked, on) = (Asked::plain(name, as_of), kind.asked(arn, uses.on));
            let found = who.has(&asked, &on);
            if found > best.as_ref().map(|(certainty, ..)| *certainty) {
                best = found.map(|certainty| (certainty, asked, on));
            }
        }
    }
    if let Some((_, asked, on)) = best {
        who.show(&asked, &on, evidence);
    }
}
