//! All that an atlas answers, by names alone: two atlases of the same rows number things in different ways.

use std::collections::{BTreeMap, BTreeSet};

use doorward_privilege::analysis::{Cause, Place, PoolKey, PoolOf, Variant, entrances};
use doorward_privilege::answers;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::choke::Point;
use doorward_privilege::estate::{AccountId, PrincipalId};
use doorward_privilege::graph::{Edge, Filter, NodeId};

/// What is said of each thing, by its name.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Portrait(BTreeMap<String, Vec<String>>);

impl Portrait {
    fn say(&mut self, of: String, what: String) {
        self.0.entry(of).or_default().push(what);
    }

    /// What is said differently, the first few.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let differs = names.into_iter().filter(|name| self.0.get(*name) != other.0.get(*name));
        differs
            .take(5)
            .map(|name| format!("{name}: {:?} and not {:?}", self.0.get(name), other.0.get(name)))
            .collect()
    }
}

pub(super) fn portrait(atlas: &Atlas) -> Portrait {
    let mut portrait = Portrait::default();
    let namer = Namer(atlas);
    namer.graph(&mut portrait);
    namer.ratings(&mut portrait);
    namer.answers(&mut portrait);
    portrait.0.values_mut().for_each(|said| said.sort_unstable());
    portrait
}

struct Namer<'a>(&'a Atlas);

impl Namer<'_> {
    fn principal(&self, id: PrincipalId) -> &str {
        self.0.estate.principal(id).map_or("gone", |one| one.arn())
    }

    fn account(&self, id: AccountId) -> &str {
        self.0.estate.account(id).map_or("gone", |one| &one.id)
    }

    fn pool(&self, key: &PoolKey) -> String {
        let of = match &key.of {
            PoolOf::Rule(place) => self.0.rules.all()[*place as usize].id.to_string(),
            PoolOf::Trust(hash) => format!("{hash:?}"),
            PoolOf::Data(lot) => format!("{lot:?}"),
            PoolOf::Some { count, .. } => format!("{count}"),
        };
        format!("{} {of}", self.account(key.account))
    }

    /// What is in a pool that is known by nothing else.
    fn members(&self, node: NodeId, key: &PoolKey) -> String {
        let is_set = matches!(key.of, PoolOf::Some { .. });
        let members = self.0.analysis.graph.edges_from(node).filter(|_| is_set);
        let mut names: Vec<String> = members.map(|edge| format!(", {}", self.node(edge.to))).collect();
        names.sort_unstable();
        names.concat()
    }

    fn node(&self, node: NodeId) -> String {
        match self.0.analysis.place(node).unwrap() {
            Place::Principal(id) => self.principal(*id).to_owned(),
            Place::Resource(place) => self.0.estate.resource(*place).map_or("gone", |one| &one.id).to_owned(),
            Place::Administration(id) => format!("administrator {}", self.account(*id)),
            Place::Outside(name) => format!("outside {name}"),
            Place::Pool(key) => format!("pool {}{}", self.pool(key), self.members(node, key)),
            Place::Changed(key) => format!("changed {}{}", self.pool(key), self.members(node, key)),
            Place::Variant(variant) => {
                let name = self.principal(variant.principal());
                match variant {
                    Variant::AnyPolicy(_) => format!("{name} with any policy"),
                    Variant::Anything(_) => format!("{name} with any policy and no boundary"),
                    Variant::WithoutBoundary(_) => format!("{name} without its boundary"),
                    Variant::WithoutDenial(_, way) => format!("{name} without denial {way:?}"),
                    Variant::OtherVersions(_) => format!("{name} with other versions"),
                    Variant::Joined(_, group, beside) => {
                        format!("{name} in {} {beside:?}", self.principal(*group))
                    }
                }
            }
        }
    }

    fn edge(&self, edge: Edge) -> String {
        let cause = match self.0.analysis.cause(edge.id).unwrap() {
            Cause::Rule(place, example) => {
                let rule = &self.0.rules.all()[place as usize].id;
                format!("{rule} as with {:?}", example.map(|node| self.node(node)))
            }
            Cause::Changed(example) => format!("changed {}", self.node(example)),
            other => format!("{other:?}"),
        };
        let only_if = if edge.only_if { " perhaps" } else { "" };
        format!("-> {} by {cause}{only_if}", self.node(edge.to))
    }

    /// The edges of all nodes that are shown, and of the passages that these lead to.
    fn graph(&self, portrait: &mut Portrait) {
        let graph = &self.0.analysis.graph;
        let shown = graph.nodes().filter(|(_, node)| !node.passage).map(|(node, _)| node);
        let mut open: Vec<NodeId> = shown.filter(|node| self.0.analysis.place(*node).is_some()).collect();
        let mut seen: BTreeSet<NodeId> = open.iter().copied().collect();
        while let Some(node) = open.pop() {
            let name = self.node(node);
            portrait.say(format!("node {name}"), String::new());
            for edge in graph.edges_from(node) {
                portrait.say(format!("node {name}"), self.edge(edge));
                if seen.insert(edge.to) {
                    open.push(edge.to);
                }
            }
        }
    }

    fn ratings(&self, portrait: &mut Portrait) {
        let Atlas { estate, analysis, rating, .. } = self.0;
        for (node, _) in analysis.graph.nodes().filter(|(_, node)| !node.passage) {
            let weight = rating.weights.weights[node.0 as usize];
            let is_identity = rating.weights.identities.contains(node.0 as usize);
            let top = rating.tier_zero.contains(node.0 as usize);
            let said =
                format!("{:?} {} {weight} {is_identity} {top}", rating.radius(node), rating.exposure(node));
            match analysis.place(node) {
                Some(_) => portrait.say(format!("rating {}", self.node(node)), said),
                None => assert_eq!(said, "Radius { numerator: 0, whole: 0 } 0 0 false false"),
            }
        }
        for (id, principal) in estate.principals() {
            let said = format!("{} {:?}", analysis.is_administrator(id), analysis.latent(id));
            portrait.say(format!("principal {}", principal.arn()), said);
        }
        portrait.say("chokes".to_owned(), rating.chokes.exposed.to_string());
        for choke in &rating.chokes.points {
            let point = match choke.point {
                Point::Edge(edge) => format!("{} {}", self.node(edge.from), self.edge(edge)),
                Point::Node(node) => self.node(node),
            };
            portrait.say("chokes".to_owned(), format!("{point}: {}", choke.cut_off));
        }
    }

    fn answers(&self, portrait: &mut Portrait) {
        let atlas = self.0;
        for one in answers::principals(atlas) {
            // Of ways that are as good, either may be shown.
            let paths: Vec<_> =
                one.paths.iter().map(|path| (&path.id, path.hops.len(), &path.missing)).collect();
            let said = format!(
                "{} {:?} {} {} {} {:?} {paths:?}",
                one.admin, one.escalation, one.blast_radius, one.blast_weight, one.exposure, one.unknown
            );
            portrait.say(format!("principal {}", one.arn), said);
        }
        let order: Vec<String> = answers::principals(atlas).into_iter().map(|one| one.arn).collect();
        portrait.say("order".to_owned(), format!("{order:?}"));
        for unknown in answers::unknown(&atlas.estate) {
            portrait.say("unknown".to_owned(), format!("{unknown:?}"));
        }
        for choke in answers::chokes(atlas, usize::MAX) {
            portrait
                .say("choke answers".to_owned(), format!("{} {} {}", choke.cut, choke.method, choke.cut_off));
        }
        for entrance in entrances(&atlas.estate) {
            portrait.say(format!("entrance into {}", entrance.into), format!("{entrance:?}"));
        }
        for (node, _) in atlas.analysis.graph.nodes() {
            if let Some(Place::Outside(name)) = atlas.analysis.place(node) {
                let ways = atlas.reached(node, &Filter::default(), None).into_iter();
                let ways = ways.map(|one| format!("{} {} {}", one.to, one.level, one.conditions));
                portrait.say(format!("reached from {name}"), format!("{:?}", ways.collect::<BTreeSet<_>>()));
            }
        }
        for (permission, resource) in QUESTIONS {
            let said = format!("{:?}", atlas.who_can(permission, resource));
            portrait.say(format!("who can {permission} {resource}"), said);
        }
        for (id, principal) in atlas.estate.principals() {
            let from = NodeId(id.0);
            for mut reached in atlas.reached(from, &Filter::default(), None) {
                // Of ways that are as good, either may be shown, and the first few of what weighs as much are told by number.
                reached.path.clear();
                portrait.say(format!("reached from {}", principal.arn()), format!("{reached:?}"));
            }
            for (account, _) in atlas.estate.accounts() {
                let ways = atlas.ways(from, atlas.analysis.administration(account), &Filter::default(), 2);
                let ways: Vec<usize> = ways.iter().map(|way| way.hops.len()).collect();
                portrait.say(
                    format!("ways from {}", principal.arn()),
                    format!("{}: {ways:?}", self.account(account)),
                );
            }
        }
    }
}

const QUESTIONS: [(&str, &str); 4] = [
    ("s3:GetObject", "arn:aws:s3:::bucket-tfstate/key"),
    ("sts:AssumeRole", "arn:aws:iam::111122223333:role/b"),
    ("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/b"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1"),
];
