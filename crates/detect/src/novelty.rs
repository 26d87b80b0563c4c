//! The core score: decayed categorical rarity with peer back-off, in bits.
//!
//! For a value v of a feature f of identity i: p = (n_iv + k * p_peer(v)) / (N_i + k), where p_peer backs off in the
//! same way to the whole tenant. So the peers are what is expected of an identity of which nothing is known yet. An
//! action is judged given its service, so that one novelty does not count twice. Everything is integer arithmetic.

use doorward_model::event::{ActionClass, Outcome};
use doorward_model::finding::{Feature, Novelty};
use doorward_model::identity::IdentityKind;
use doorward_views::fixed::log2_milli;
use doorward_views::habits::{NORMAL_DAYS, ONE, Probe, Slot};
use doorward_views::peers::{Share, TENANT_GROUP};
use doorward_views::state::State;
use doorward_views::symbols::Symbol;

use crate::inspect::{Judging, Subject};

/// How many events the opinion of the peers is worth.
const PEER_EVENTS: u64 = 20;
/// How many members the opinion of the tenant is worth.
const TENANT_MEMBERS: u64 = 2;
/// One, in the fixed point that probabilities are held in.
const CERTAIN: u64 = 1 << 24;
/// No single value is more surprising than this, in thousandths of a bit.
const BITS_MILLI_MAX: u32 = 12_000;
/// With fewer peers than this, "none of its peers" says nothing.
const PEERS_MIN: u32 = 5;
/// Less than this is not worth a line of evidence, in thousandths of a bit.
const BITS_MILLI_MIN: u32 = 2_000;

/// The values of an event that are new for the identity, or not yet normal and seen for the first time today.
pub(crate) fn of(state: &State, subject: &Subject<'_>, probe: &Probe) -> Vec<Novelty> {
    if subject.event().outcome() == Outcome::Throttled {
        return Vec::new();
    }
    let slots = Feature::ALL.into_iter().zip(probe.slots);
    let new = slots.filter_map(|(feature, slot)| slot.map(|slot| (feature, slot)));
    let new = new.filter(|(_, slot)| slot.days < NORMAL_DAYS && slot.first_today);
    new.filter_map(|(feature, slot)| novelty(state, subject, probe, (feature, slot))).collect()
}

fn novelty(state: &State, subject: &Subject<'_>, probe: &Probe, new: (Feature, Slot)) -> Option<Novelty> {
    let (feature, slot) = new;
    let [service, ..] = probe.slots;
    let given = (feature == Feature::Action).then_some(service).flatten().map(|service| service.symbol);
    let peers = share(state, subject.peer_group, given, new);
    let tenant = share(state, TENANT_GROUP, given, new);
    // A value that was seen on one or two days is half and a quarter as new.
    let bits_milli = bits_milli(slot, peers, tenant) >> slot.days.min(31);
    if bits_milli < BITS_MILLI_MIN {
        return None;
    }
    let own_events = subject.habits.map_or(0, |habits| habits.events);
    Some(Novelty {
        feature: feature.into(),
        value: doorward_views::habits::feature_value(feature, subject.event())?.into_owned(),
        own_count: u64::from(slot.count.div_ceil(ONE)),
        own_events,
        since_ms: subject
            .habits
            .map_or_else(|| subject.event().happened_at_ms, |habits| habits.first_at.ms()),
        peers_with: peers.with,
        peers: peers.members,
        peer_group: subject.peer_group.to_owned(),
        bits_milli,
    })
}

/// How many members of a group have a value; for an action, of those who use its service.
fn share(state: &State, group: &str, given: Option<Symbol>, new: (Feature, Slot)) -> Share {
    let (feature, slot) = new;
    let Some(group) = state.symbols.find(group) else { return Share::default() };
    let of = |feature, value| state.control.peers.share(group, feature, value, &state.symbols);
    let share = of(feature, slot.symbol);
    match given {
        Some(service) => Share { members: of(Feature::Service, service).with, with: share.with },
        None => share,
    }
}

fn bits_milli(slot: Slot, peers: Share, tenant: Share) -> u32 {
    let p_tenant = CERTAIN * (u64::from(tenant.with) + 1)
        / (u64::from(tenant.members) + 2).max(u64::from(tenant.with) + 1);
    let with = CERTAIN * u64::from(peers.with.min(peers.members)) + TENANT_MEMBERS * p_tenant;
    let p_peer = with / (u64::from(peers.members) + TENANT_MEMBERS);
    let (count, mass) = (u64::from(slot.count), u64::from(slot.mass.max(slot.count)));
    let one = u64::from(ONE);
    let p = (CERTAIN * count + one * PEER_EVENTS * p_peer) / (mass + one * PEER_EVENTS);
    log2_milli(CERTAIN).saturating_sub(log2_milli(p.max(1))).min(BITS_MILLI_MAX)
}

/// The surprise of an event, weighted by what its action could do, in thousandths of a bit.
pub(crate) fn weighted_milli(subject: &Subject<'_>, novelties: &[Novelty], judging: Judging) -> u64 {
    let class = consequence(subject);
    let counted =
        novelties.iter().filter(|novelty| judging != Judging::Short || first_against_peers(class, novelty));
    let sum: u64 = counted
        .map(|novelty| u64::from(novelty.bits_milli) * weight(subject.kind, class, novelty.feature()))
        .sum();
    // Quarters, and half of it while the identity itself is new: then most of what it does is new.
    let young = judging == Judging::Full && subject.days() < u16::from(NORMAL_DAYS);
    sum / 4 / if young { 2 } else { 1 }
}

/// What the action could do; who makes a new credential for itself rotates it, and gains nothing.
fn consequence(subject: &Subject<'_>) -> ActionClass {
    let issued = subject.event().issued.as_ref();
    let for_itself = issued.is_some_and(|issued| issued.principal == subject.seen.identity);
    if for_itself { ActionClass::Write } else { subject.event().class() }
}

/// With little history only this counts: something of consequence that none of enough peers has done.
fn first_against_peers(class: ActionClass, novelty: &Novelty) -> bool {
    let matters = match class {
        ActionClass::Permissions | ActionClass::Credential | ActionClass::Data | ActionClass::Execute => true,
        ActionClass::Unknown | ActionClass::Read | ActionClass::List | ActionClass::Write => false,
    };
    matters && novelty.peers >= PEERS_MIN && novelty.peers_with == 0 && novelty.feature() == Feature::Action
}

/// How much a new value counts, in quarters.
fn weight(kind: IdentityKind, class: ActionClass, feature: Feature) -> u64 {
    let consequence = match class {
        ActionClass::Read | ActionClass::List => 1,
        ActionClass::Unknown | ActionClass::Write => 4,
        ActionClass::Data | ActionClass::Execute => 8,
        ActionClass::Permissions | ActionClass::Credential => 12,
    };
    match feature {
        Feature::Service | Feature::Action => consequence,
        // People move about and change their tools; a machine that does is worth half of its action.
        Feature::Network | Feature::AgentFamily if kind == IdentityKind::Human => 1,
        Feature::Network | Feature::AgentFamily => (consequence / 2).max(2),
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::finding::Feature;
    use doorward_views::habits::{Habits, HalfLifeDays, Probe, Slot};
    use doorward_views::peers::Share;
    use doorward_views::symbols::Symbols;
    use proptest::prelude::{prop_assert, proptest};

    use super::{BITS_MILLI_MAX, bits_milli};

    fn slot(seen: u32, of: u32) -> Slot {
        let (mut habits, mut symbols) =
            (Habits::new(doorward_model::time::Time::from_ms(0)), Symbols::new(1));
        let half_life = HalfLifeDays(14);
        let mut event = doorward_model::event::Event { service: "s3".into(), ..Default::default() };
        for i in 0..of {
            event.service = if i < seen { "iam".into() } else { "s3".into() };
            let probe = habits.probe(&event, half_life, &mut symbols);
            habits.fold(&event, &probe, half_life, true);
        }
        event.service = "iam".into();
        let Probe { slots } = habits.probe(&event, half_life, &mut symbols);
        slots[Feature::ALL.iter().position(|f| *f == Feature::Service).unwrap()].unwrap()
    }

    #[test]
    fn the_peers_are_what_is_expected_of_a_newcomer() {
        let (all, none) = (Share { with: 20, members: 20 }, Share { with: 0, members: 20 });
        let tenant = Share { with: 20, members: 1_000 };
        assert!(bits_milli(slot(0, 0), all, tenant) < 200);
        assert!(bits_milli(slot(0, 0), none, tenant) > 9_000);
        // A thousand own events without it outweigh what the peers do.
        assert!(bits_milli(slot(0, 1_000), all, tenant) > 5_000);
    }

    proptest! {
        #[test]
        fn more_use_is_never_more_surprising(seen in 0_u32..40, more in 0_u32..40, with in 0_u32..50, members in 0_u32..50) {
            let peers = Share { with: with.min(members), members };
            let tenant = Share { with, members: members + 100 };
            let (less, more) = (slot(seen, 100), slot(seen + more, 100));
            prop_assert!(bits_milli(more, peers, tenant) <= bits_milli(less, peers, tenant));
            prop_assert!(bits_milli(less, peers, tenant) <= BITS_MILLI_MAX);
        }
    }
}
