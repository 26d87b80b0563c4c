//! What the members of each peer group, and of the whole tenant, have done at least once.
//!
//! These counts cross identities, so they change only through [`Summary`] facts: every shard of every node scores
//! against the same ones.

use doorward_model::finding::Feature;
use doorward_model::record::{PeerFirst, PressureBin, Summary};
use foldhash::fast::FixedState;

use crate::symbols::{SeededMap, Symbol, Symbols};

/// How many members of a group there are, and how many of them have a value.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Share {
    /// Members that have the value.
    pub with: u32,
    /// Members.
    pub members: u32,
}

/// The folded summaries.
#[derive(Clone, Debug)]
pub struct Peers {
    with: SeededMap<First, u32>,
    /// Identity-days by bin of weighted surprise: see [`Peers::pressure_threshold_milli`].
    bins: [u64; BINS],
}

/// The peer group that stands for the whole tenant.
pub const TENANT_GROUP: Symbol = Symbol::EMPTY;

impl Peers {
    /// Empty, with the seed of its hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { with: SeededMap::with_hasher(FixedState::with_seed(seed)), bins: [0; BINS] }
    }

    /// Takes in what was done for the first time since the last summary.
    pub fn fold(&mut self, summary: &Summary, symbols: &mut Symbols) {
        // Rows of one group lie together.
        let mut last = ("", TENANT_GROUP);
        for first in &summary.firsts {
            if first.peer_group != last.0 {
                last = (&first.peer_group, symbols.intern(&first.peer_group));
            }
            let feature = first.feature.and_then(|number| Feature::try_from(number).ok());
            let value = symbols.intern(&first.value);
            self.add((TENANT_GROUP, feature, value), first.members);
            if last.1 != TENANT_GROUP {
                self.add((last.1, feature, value), first.members);
            }
        }
        for pressure in &summary.pressures {
            if let Some(days) = usize::try_from(pressure.bin).ok().and_then(|bin| self.bins.get_mut(bin)) {
                *days = days.saturating_add(u64::from(pressure.days));
            }
        }
    }

    /// The summaries that, folded into nothing, give these counts; in a fixed order.
    pub(crate) fn to_summaries(&self, symbols: &Symbols) -> Vec<Summary> {
        let firsts = by_name(self.of_groups(), symbols);
        let bins = (0..).zip(self.bins).filter(|(_, days)| *days > 0);
        // A bin of a summary holds less than one of all time may.
        let pressures = bins.flat_map(|(bin, days)| {
            let whole =
                std::iter::repeat_n(u32::MAX, usize::try_from(days / u64::from(u32::MAX)).unwrap_or(0));
            let rest = u32::try_from(days % u64::from(u32::MAX)).unwrap_or(0);
            whole.chain([rest]).map(move |days| PressureBin { bin, days })
        });
        let mut summaries = summaries(firsts);
        summaries.push(Summary { firsts: Vec::new(), pressures: pressures.collect() });
        summaries
    }

    /// What was told of each group, and of those who are in none: what of the tenant is not told by groups.
    fn of_groups(&self) -> SeededMap<First, u32> {
        let mut told = self.with.clone();
        for ((group, feature, value), members) in &self.with {
            if *group != TENANT_GROUP
                && let Some(rest) = told.get_mut(&(TENANT_GROUP, *feature, *value))
            {
                *rest = rest.saturating_sub(*members);
            }
        }
        told.retain(|_, members| *members > 0);
        told
    }

    fn add(&mut self, first: First, members: u32) {
        let count = self.with.entry(first).or_insert(0);
        *count = count.saturating_add(members);
    }

    /// How many of the members of a group have a value.
    #[must_use]
    pub fn share(&self, group: Symbol, feature: Feature, value: Symbol) -> Share {
        let members = self.with.get(&(group, None, Symbol::EMPTY)).copied().unwrap_or(0);
        let with = self.with.get(&(group, Some(feature), value)).copied().unwrap_or(0);
        Share { with: with.min(members), members }
    }

    /// Whether not one in ten of a group has a value.
    pub(crate) fn is_odd(&self, group: Symbol, feature: Feature, value: Symbol) -> bool {
        let Share { with, members } = self.share(group, feature, value);
        u64::from(with) * 10 <= u64::from(members)
    }

    /// The weighted surprise, in thousandths of a bit, that no more than `cases_per_day` identity-days reached on an
    /// average day of `days` past ones; never under `floor_milli`, which also stands where nothing is known yet.
    #[must_use]
    pub fn pressure_threshold_milli(&self, cases_per_day: u32, days: u32, floor_milli: u64) -> u64 {
        let budget = u64::from(cases_per_day) * u64::from(days);
        let mut above = 0;
        for (bin, count) in self.bins.iter().enumerate().rev() {
            above += count;
            if above > budget {
                return bin_top_milli(bin).max(floor_milli);
            }
        }
        floor_milli
    }
}

/// The bin of a day's highest weighted surprise: four bins to a doubling, from one bit.
#[must_use]
pub fn pressure_bin(milli: u64) -> u32 {
    let quarters = crate::fixed::log2_milli(milli / 1_000 + 1) / 250;
    quarters.min(u32::try_from(BINS).unwrap_or(u32::MAX) - 1)
}

/// Where a bin ends, in thousandths of a bit: 2^((bin + 1) / 4) - 1 bits, with the quarters rounded up.
fn bin_top_milli(bin: usize) -> u64 {
    let (whole, quarter) = ((bin + 1) / 4, (bin + 1) % 4);
    let factor_milli = [1_000, 1_190, 1_415, 1_682].get(quarter).copied().unwrap_or(2_000);
    u32::try_from(whole)
        .ok()
        .and_then(|whole| 1_u64.checked_shl(whole))
        .map_or(u64::MAX, |two| (two * factor_milli).saturating_sub(1_000))
}

const BINS: usize = 96;

/// Something that members of a group did for the first time: the group, the feature and the value; without a feature
/// that they appeared.
pub(crate) type First = (Symbol, Option<Feature>, Symbol);

/// Summaries of bounded size that hold these firsts.
pub(crate) fn summaries(firsts: Vec<PeerFirst>) -> Vec<Summary> {
    let mut firsts = firsts.into_iter();
    let next =
        || Some(firsts.by_ref().take(Summary::FIRSTS_MAX).collect()).filter(|next: &Vec<_>| !next.is_empty());
    std::iter::from_fn(next).map(|firsts| Summary { firsts, pressures: Vec::new() }).collect()
}

/// Firsts as they are recorded, in the order of names.
pub(crate) fn by_name(firsts: impl IntoIterator<Item = (First, u32)>, symbols: &Symbols) -> Vec<PeerFirst> {
    let mut firsts: Vec<_> = firsts.into_iter().collect();
    firsts.sort_unstable_by_key(|((group, ..), _)| *group);
    // Groups have long names that begin alike, and so are compared once each.
    let mut groups: Vec<_> = firsts.chunk_by_mut(|one, next| one.0.0 == next.0.0).collect();
    let name_of =
        |firsts: &[(First, u32)]| firsts.first().map_or("", |((group, ..), _)| symbols.name(*group));
    groups.sort_unstable_by_key(|firsts| name_of(firsts));
    for firsts in &mut groups {
        firsts.sort_unstable_by_key(|((_, feature, value), _)| (*feature, symbols.name(*value)));
    }
    let told = |((group, feature, value), members): &(First, u32)| PeerFirst {
        peer_group: symbols.name(*group).to_owned(),
        feature: feature.map(i32::from),
        value: symbols.name(*value).to_owned(),
        members: *members,
    };
    groups.iter().flat_map(|firsts| firsts.iter()).map(told).collect()
}

#[cfg(test)]
mod tests {
    use doorward_model::finding::Feature;
    use doorward_model::record::{PeerFirst, PressureBin, Summary};

    use super::{Peers, Share, bin_top_milli, pressure_bin};
    use crate::symbols::Symbols;

    fn first(group: &str, feature: Option<Feature>, value: &str, members: u32) -> PeerFirst {
        PeerFirst { peer_group: group.into(), feature: feature.map(i32::from), value: value.into(), members }
    }

    #[test]
    fn shares_add_up_over_summaries_and_never_exceed_the_members() {
        let (mut peers, mut symbols) = (Peers::new(7), Symbols::new(7));
        for _ in 0..3 {
            let firsts =
                vec![first("role:web-*", None, "", 2), first("role:web-*", Some(Feature::Service), "s3", 3)];
            peers.fold(&Summary { firsts, pressures: Vec::new() }, &mut symbols);
        }
        let (group, s3, sqs) = (symbols.intern("role:web-*"), symbols.intern("s3"), symbols.intern("sqs"));
        assert_eq!(peers.share(group, Feature::Service, s3), Share { with: 6, members: 6 });
        assert_eq!(peers.share(group, Feature::Service, sqs), Share { with: 0, members: 6 });
    }

    #[test]
    fn the_tenant_has_what_its_groups_have_and_those_in_none() {
        let (mut peers, mut symbols) = (Peers::new(7), Symbols::new(7));
        let of = [("", 1), ("role:web-*", 2), ("user:*", 4)];
        let appeared = of.map(|(group, members)| first(group, None, "", members));
        let used = of.map(|(group, members)| first(group, Some(Feature::Service), "s3", members));
        let firsts: Vec<_> = appeared.into_iter().chain(used).collect();
        peers.fold(&Summary { firsts, pressures: Vec::new() }, &mut symbols);
        let s3 = symbols.intern("s3");
        let groups = of.map(|(group, _)| symbols.intern(group));
        let with = |peers: &Peers| groups.map(|group| peers.share(group, Feature::Service, s3).with);
        assert_eq!(with(&peers), [7, 2, 4]);
        let mut again = Peers::new(8);
        let summaries = peers.to_summaries(&symbols);
        summaries.iter().for_each(|summary| again.fold(summary, &mut symbols));
        assert_eq!((with(&again), again.to_summaries(&symbols)), (with(&peers), summaries));
    }

    #[test]
    fn the_threshold_spends_the_budget_and_no_more() {
        let mut peers = Peers::new(1);
        // Ten days: a hundred quiet identity-days, forty at 32 bits, three at 250 bits.
        let bins = [(0, 100), (32_000, 40), (250_000, 3)];
        let pressures = bins.map(|(milli, days)| PressureBin { bin: pressure_bin(milli), days }).to_vec();
        peers.fold(&Summary { firsts: Vec::new(), pressures }, &mut Symbols::new(1));
        let at = |cases| peers.pressure_threshold_milli(cases, 10, 20_000) / 1_000;
        assert_eq!((at(20), at(5), at(1), at(0)), (20, 20, 37, 255));
    }

    #[test]
    fn a_value_lies_below_the_top_of_its_bin() {
        for milli in [0, 999, 1_000, 24_000, 33_333, 1_000_000, 123_456_789] {
            let bin = usize::try_from(pressure_bin(milli)).unwrap();
            assert!(milli / 1_000 * 1_000 <= bin_top_milli(bin), "{milli}");
        }
    }
}
