//! The core score: decayed categorical rarity with peer back-off, in bits.
//!
//! For a value v of a feature f of identity i: p = (n_iv + k * p_peer(v)) / (N_i + k), where p_peer backs off in the
//! same way to the whole tenant. So the peers are what is expected of an identity of which nothing is known yet. An
//! action is judged given its service, so that one novelty does not count twice. Everything is integer arithmetic.

use doorward_model::event::{ActionClass, Outcome};
use doorward_model::finding::{Feature, Novelty};
use doorward_model::identity::IdentityKind;
use doorward_views::fixed::log2_milli;
use doorward_views::habits::{ONE, Slot};
use doorward_views::peers::{Share, TENANT_GROUP};
use doorward_views::shard::Probe;
use doorward_views::state::State;
use doorward_views::symbols::Symbol;

use crate::inspect::{Judging, Subject};
use crate::narrative::short;
use crate::parameters::{Parameters, Weights};

/// One, in the fixed point that probabilities are held in.
const CERTAIN: u64 = 1 << 24;

/// The values of an event that are new for the identity, or not yet normal and seen for the first time today.
pub(crate) fn of(state: &State, subject: &Subject<'_>, probe: &Probe) -> Vec<Novelty> {
    if subject.event().outcome() == Outcome::Throttled {
        return Vec::new();
    }
    let breadth = (Feature::Breadth, probe.breadth.and_then(|sight| sight.slot()));
    let drift = (Feature::Drift, probe.drift.and_then(|odd| odd.slot()));
    let slots = Feature::ALL.into_iter().zip(probe.slots).chain([breadth, drift]);
    let new = slots.filter_map(|(feature, slot)| slot.map(|slot| (feature, slot)));
    let new = new.filter(|(_, slot)| slot.days < subject.parameters.normal_days && slot.first_today);
    new.filter_map(|(feature, slot)| novelty(state, subject, probe, (feature, slot))).collect()
}

fn novelty(state: &State, subject: &Subject<'_>, probe: &Probe, new: (Feature, Slot)) -> Option<Novelty> {
    let (feature, slot) = new;
    if is_frequent(slot, subject.parameters) {
        return None;
    }
    let [service, ..] = probe.slots;
    let given = (feature == Feature::Action).then_some(service).flatten().map(|service| service.symbol);
    let group = subject.profile.peer_group;
    let peers = share(state, group, given, new);
    let tenant = share(state, TENANT_GROUP, given, new);
    // A value that was seen on one or two days is half and a quarter as new.
    let bits_milli = bits_milli(slot, (peers, tenant), subject.parameters) >> slot.days.min(31);
    if bits_milli < subject.parameters.bits_min_milli {
        return None;
    }
    let own_events = subject.habits.map_or(0, |habits| habits.events);
    Some(Novelty {
        feature: feature.into(),
        value: state.symbols.name(slot.symbol).to_owned(),
        own_count: u64::from(slot.count.div_ceil(ONE)) + u64::from(slot.held),
        own_events,
        since_ms: subject
            .habits
            .map_or_else(|| subject.event().happened_at_ms, |habits| habits.first_at.ms()),
        peers_with: peers.with,
        peers: peers.members,
        peer_group: state.symbols.name(group).to_owned(),
        bits_milli,
    })
}

/// How many members of a group have a value; for an action, of those who use its service.
fn share(state: &State, group: Symbol, given: Option<Symbol>, new: (Feature, Slot)) -> Share {
    let (feature, slot) = new;
    let of = |feature, value| state.control.peers.share(group, feature, value);
    let share = of(feature, slot.symbol);
    match given {
        Some(service) => Share { members: of(Feature::Service, service).with, with: share.with },
        None => share,
    }
}

/// Whether a value was seen so often that it is not worth a line, whatever the peers do.
fn is_frequent(slot: Slot, parameters: &Parameters) -> bool {
    let worth_milli = u64::from(parameters.bits_min_milli) << slot.days.min(31);
    let bits = (worth_milli.saturating_sub(1) / 1_000).min(31);
    let all = u64::from(slot.mass.max(slot.count)) + u64::from(ONE) * u64::from(parameters.peer_events);
    worth_milli > 0 && u64::from(slot.count) << bits >= all
}

fn bits_milli(slot: Slot, (peers, tenant): (Share, Share), parameters: &Parameters) -> u32 {
    let tenant_members = u64::from(parameters.tenant_members);
    let p_tenant = CERTAIN * (u64::from(tenant.with) + 1)
        / (u64::from(tenant.members) + 2).max(u64::from(tenant.with) + 1);
    let with = CERTAIN * u64::from(peers.with.min(peers.members)) + tenant_members * p_tenant;
    let p_peer = with / (u64::from(peers.members) + tenant_members).max(1);
    let (count, mass) = (u64::from(slot.count), u64::from(slot.mass.max(slot.count)));
    let opinion = u64::from(ONE) * u64::from(parameters.peer_events);
    let p = (CERTAIN * count + opinion * p_peer) / (mass + opinion).max(1);
    log2_milli(CERTAIN).saturating_sub(log2_milli(p.max(1))).min(parameters.bits_max_milli)
}

/// The surprise of an event, weighted by what its action could do, in thousandths of a bit.
pub(crate) fn weighted_milli(subject: &Subject<'_>, novelties: &[Novelty], judging: Judging) -> u64 {
    if novelties.is_empty() {
        return 0;
    }
    let class = consequence(subject);
    let parameters = subject.parameters;
    let counted = novelties.iter().filter(|novelty| {
        judging != Judging::Short || first_against_peers(class, novelty, parameters.peers_min)
    });
    let weights = &parameters.weights;
    let sum: u64 = counted
        .map(|novelty| {
            let weight = weight(subject.profile.kind, class, novelty.feature(), weights);
            u64::from(novelty.bits_milli) * u64::from(weight)
        })
        .sum();
    // While the identity itself is new, most of what it does is.
    let newcomer = judging == Judging::Full && !subject.is_known();
    sum / QUARTERS * if newcomer { u64::from(parameters.newcomer_percent) } else { 100 } / 100
}

/// What the action could do; who makes a new credential for itself rotates it, and gains little; who then puts the old
/// one away gains nothing.
fn consequence(subject: &Subject<'_>) -> ActionClass {
    let event = subject.event();
    let made = event.issued.as_ref().is_some_and(|issued| issued.principal == subject.seen.identity);
    let put_away =
        event.service == "iam" && matches!(event.action.as_str(), "UpdateAccessKey" | "DeleteAccessKey");
    // Without a name it is the caller's own.
    let own = || event.target.as_ref().is_none_or(|target| short(&subject.seen.identity) == target.id);
    match event.class() {
        _ if made => ActionClass::Write,
        _ if put_away && own() => ActionClass::Read,
        class => class,
    }
}

/// With little history only this counts: something of consequence that none of enough peers has done.
fn first_against_peers(class: ActionClass, novelty: &Novelty, peers_min: u32) -> bool {
    let matters = match class {
        ActionClass::Permissions | ActionClass::Credential | ActionClass::Data | ActionClass::Execute => true,
        ActionClass::Unknown | ActionClass::Read | ActionClass::List | ActionClass::Write => false,
    };
    let is_deed = matches!(novelty.feature(), Feature::Service | Feature::Action);
    matters && is_deed && novelty.peers >= peers_min && novelty.peers_with == 0
}

/// How much a new value counts, in quarters.
fn weight(kind: IdentityKind, class: ActionClass, feature: Feature, weights: &Weights) -> u32 {
    let consequence = weights.of(class);
    match feature {
        Feature::Service | Feature::Action => consequence,
        // A slow intruder looks around: what a single call could do says nothing.
        Feature::Drift => weights.drift,
        Feature::Breadth => consequence * weights.breadth_percent / 100,
        Feature::Network | Feature::AgentFamily if kind == IdentityKind::Human => weights.person_place,
        Feature::Network | Feature::AgentFamily => {
            (consequence * weights.place_percent / 100).max(weights.place_min)
        }
    }
}

/// What weights are counted in.
const QUARTERS: u64 = 4;

#[cfg(test)]
mod tests {
    use doorward_model::finding::Feature;
    use doorward_views::habits::{Habits, HalfLifeDays, Slot};
    use doorward_views::peers::Share;
    use doorward_views::symbols::Symbols;
    use proptest::prelude::{prop_assert, proptest};

    use super::{Parameters, bits_milli, is_frequent};

    fn slot(seen: u32, of: u32) -> Slot {
        let (mut habits, mut symbols) =
            (Habits::new(doorward_model::time::Time::from_ms(0)), Symbols::new(1));
        let half_life = HalfLifeDays(14);
        let mut event = doorward_model::event::Event { service: "s3".into(), ..Default::default() };
        for i in 0..of {
            event.service = if i < seen { "iam".into() } else { "s3".into() };
            let slots = habits.probe(&event, half_life, &mut symbols);
            habits.fold(&event, &slots, half_life, true);
        }
        event.service = "iam".into();
        let slots = habits.probe(&event, half_life, &mut symbols);
        slots[Feature::ALL.iter().position(|f| *f == Feature::Service).unwrap()].unwrap()
    }

    #[test]
    fn the_peers_are_what_is_expected_of_a_newcomer() {
        let (all, none) = (Share { with: 20, members: 20 }, Share { with: 0, members: 20 });
        let tenant = Share { with: 20, members: 1_000 };
        let of = |slot, peers| bits_milli(slot, (peers, tenant), &Parameters::default());
        assert!(of(slot(0, 0), all) < 200);
        assert!(of(slot(0, 0), none) > 9_000);
        // A thousand own events without it outweigh what the peers do.
        assert!(of(slot(0, 1_000), all) > 5_000);
    }

    proptest! {
        #[test]
        fn what_is_frequent_is_not_worth_a_line(seen in 0_u32..300, more in 0_u32..300, with in 0_u32..50, members in 0_u32..50) {
            let slot = slot(seen, seen + more);
            let (peers, tenant) = (Share { with: with.min(members), members }, Share { with: 0, members });
            for bits_min_milli in [0, 1, 500, 999, 1_000, 1_001, 2_000, 9_000] {
                let parameters = Parameters { bits_min_milli, ..Parameters::default() };
                let worth = bits_milli(slot, (peers, tenant), &parameters) >> slot.days >= bits_min_milli;
                prop_assert!(!(worth && is_frequent(slot, &parameters)), "{slot:?} {bits_min_milli}");
            }
        }

        #[test]
        fn more_use_is_never_more_surprising(seen in 0_u32..40, more in 0_u32..40, with in 0_u32..50, members in 0_u32..50) {
            let peers = Share { with: with.min(members), members };
            let tenant = Share { with, members: members + 100 };
            let parameters = Parameters::default();
            let of = |seen| bits_milli(slot(seen, 100), (peers, tenant), &parameters);
            prop_assert!(of(seen + more) <= of(seen));
            prop_assert!(of(seen) <= parameters.bits_max_milli);
        }
    }
}
