//! How principals are bound after a change. Where those of one bound part ways, or meet others, most of them stay at the
//! node where they were: who leads there need not be asked again, and a policy that makes an exception for a few moves
//! only these.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Bound, Bounds, Group, Rebound, Scene};
use crate::estate::{Estate, PrincipalId};
use crate::graph::NodeId;

/// How a principal was bound, and how it is.
type Moved = (PrincipalId, Option<Bound>, Option<Bound>);

/// Principals that were at one node and are of one bound now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    count: Reverse<usize>,
    node: NodeId,
    bound: Bound,
}

impl Bounds {
    /// Works out anew how some principals are bound.
    pub(super) fn rebind(
        &mut self,
        (new, scene): (&Estate, Scene<'_>),
        open: BTreeSet<PrincipalId>,
    ) -> Rebound {
        self.of.grow(new.principals_end() as usize, &None);
        let mut moved: Vec<Moved> = Vec::new();
        for id in open {
            let (before, after) = (self.bound(id), self.work_out(scene, id));
            if before != after {
                self.set(id, after);
                moved.push((id, before, after));
            }
        }
        let touched: BTreeSet<Bound> =
            moved.iter().flat_map(|(_, before, after)| [*before, *after]).flatten().collect();
        let groups = touched.iter().filter_map(|bound| Some((*bound, self.groups.get(bound).copied()?)));
        let before: Vec<(Bound, Group)> = groups.collect();
        let shares = self.shares(&moved);
        self.move_all(new, &moved);
        let (mut places, mut parted) = (BTreeMap::<NodeId, Bound>::new(), BTreeSet::new());
        let mut taken: BTreeSet<Bound> = BTreeSet::new();
        for Share { node, bound, .. } in shares {
            if !places.contains_key(&node) && taken.insert(bound) {
                places.insert(node, bound);
            } else {
                parted.insert(node);
            }
        }
        let nodes_of: BTreeMap<Bound, NodeId> = places.iter().map(|(node, bound)| (*bound, *node)).collect();
        for bound in touched {
            let node = nodes_of.get(&bound).copied();
            self.groups.get_mut(&bound).into_iter().for_each(|group| group.node = node);
        }
        let mut nodes = Vec::new();
        for (bound, group) in before {
            let Some(node) = group.node else { continue };
            let place = places.get(&node);
            let first = place.and_then(|bound| self.groups.get(bound)).map(|group| group.first);
            if place != Some(&bound) || first != Some(group.first) {
                nodes.push((node, first));
            }
        }
        Rebound { parted, nodes, ..Rebound::default() }
    }

    /// Those who had a node together, by how they are bound now, most first.
    fn shares(&self, moved: &[Moved]) -> BTreeSet<Share> {
        let mut counts: BTreeMap<(NodeId, Bound), usize> = BTreeMap::new();
        let place = |bound: &Bound| {
            let group = self.groups.get(bound)?;
            Some((group.node?, group.count))
        };
        for (_, before, after) in moved {
            for bound in [before, after].into_iter().flatten() {
                if let Some((node, count)) = place(bound) {
                    counts.entry((node, *bound)).or_insert(count);
                }
            }
        }
        for (_, before, after) in moved {
            let Some((node, bound)) = before.and_then(|bound| Some((place(&bound)?.0, bound))) else {
                continue;
            };
            counts.entry((node, bound)).and_modify(|count| *count -= 1);
            if let Some(after) = after {
                *counts.entry((node, *after)).or_default() += 1;
            }
        }
        let shares = counts.into_iter().filter(|(_, count)| *count > 0);
        shares.map(|((node, bound), count)| Share { count: Reverse(count), node, bound }).collect()
    }

    /// Counts principals in how they are bound now, and says who stands for them.
    fn move_all(&mut self, new: &Estate, moved: &[Moved]) {
        let mut headless: BTreeSet<Bound> = BTreeSet::new();
        for (id, before, after) in moved {
            if let Some(before) = before
                && let Some(group) = self.groups.get_mut(before)
            {
                group.count -= 1;
                if group.count == 0 {
                    self.groups.remove(before);
                } else if group.first == *id {
                    headless.insert(*before);
                }
            }
            if let Some(after) = after {
                self.join(new, *after, *id);
            }
        }
        let kinds: BTreeSet<_> =
            headless.iter().map(|bound| (bound.limit.account, bound.limit.kind)).collect();
        for (id, _) in kinds.into_iter().flat_map(|(account, kind)| new.of_kind(account, kind)) {
            let Some(bound) = self.bound(id).filter(|bound| headless.contains(bound)) else { continue };
            let Some(first) = self.groups.get(&bound).map(|group| group.first) else { continue };
            // The one that stood for the others is not among them any more.
            let is_first = self.bound(first) != Some(bound) || new.order(id, first).is_lt();
            if let Some(group) = self.groups.get_mut(&bound).filter(|_| is_first) {
                group.first = id;
            }
        }
    }
}
