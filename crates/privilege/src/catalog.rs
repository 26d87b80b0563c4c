//! The permissions that AWS knows: their names, what they do, which resources they act on. The list is data, below
//! `rules/aws/permissions/`; a newer one can be read in its place.
//!
//! Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for AWS services".

use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::level::Level;
use crate::pattern::Pattern;
use crate::permission_set::PermissionSet;

mod levels;
mod nearest;
mod read;

/// A permission by its place in the order of all names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PermissionId(pub u16);

/// A type of resource by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ResourceTypeId(pub u16);

/// What a permission does, in AWS's words for access levels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Access {
    /// It lists resources.
    List,
    /// It reads a resource, be it how that is set up or what it holds.
    Read,
    /// It creates, changes or deletes.
    Write,
    /// It changes tags.
    Tagging,
    /// It changes who may do what.
    Permissions,
}

/// All known permissions. The order of [`PermissionId`] is that of their names in lower case.
#[derive(Clone, Debug)]
pub struct Catalog {
    source: Source,
    names: Names,
    /// For each permission, its place in `kinds`.
    kind_of: Vec<u16>,
    kinds: Vec<Kind>,
    acts_on: Vec<ActsOn>,
    keys: Vec<Box<str>>,
    key_lists: Vec<u16>,
    services: Vec<Service>,
    resource_types: Vec<ResourceType>,
    /// Resource types by what stands after the partition in their ARNs, sorted by it.
    by_arn_service: Vec<(Box<str>, ResourceTypeId)>,
    levels: Vec<Level>,
    by_level: [PermissionSet; Level::ALL.len()],
    /// Of 64 permissions that follow each other: which give each level, a bit each.
    level_bits: Vec<[u64; Level::ALL.len()]>,
    /// The places of permissions, by the hash of their names in lower case.
    by_name: HashTable<PermissionId>,
    all: PermissionSet,
}

/// Where a list of permissions comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Source {
    /// The package it was made from.
    pub package: String,
    /// The version of that package.
    pub version: String,
    /// The day of that version, as `2026-09-26`.
    pub day: String,
    /// The licence of that package.
    pub licence: String,
}

/// Why a list of permissions, or of their levels, cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}: {mend}")]
pub struct CatalogError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// A type of resource that a permission acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActsOn {
    /// The type.
    pub resource_type: ResourceTypeId,
    /// Whether each request names a resource of it.
    pub required: bool,
}

/// A type of resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceType {
    /// The service that lists it, as permissions begin: `s3`.
    pub service: Box<str>,
    /// Its name there: `bucket`.
    pub name: Box<str>,
    /// What its ARNs look like.
    pub arns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Service {
    prefix: Box<str>,
    resource_control: bool,
    permissions: Range<u16>,
}

/// What permissions of one service have in common that are alike.
#[derive(Clone, Debug)]
struct Kind {
    access: Access,
    acts_on: Range<u32>,
    keys: Range<u32>,
}

/// All names one after the other, in lower case and, at the same places, as AWS writes them.
#[derive(Clone, Debug, Default)]
struct Names {
    lower: String,
    shown: String,
    ends: Vec<u32>,
}

impl Names {
    fn lower(&self, place: usize) -> &str {
        self.lower.get(self.range(place)).unwrap_or_default()
    }

    fn shown(&self, place: usize) -> &str {
        self.shown.get(self.range(place)).unwrap_or_default()
    }

    fn range(&self, place: usize) -> Range<usize> {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or_default() as usize;
        place.checked_sub(1).map_or(0, end)..end(place)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    /// The first place from which on names are not before the given one, and not such that begin with it if `past`.
    fn first_from(&self, name: &str, past: bool) -> usize {
        let before = |place: usize| {
            let lower = self.lower(place);
            lower < name || past && lower.starts_with(name)
        };
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

impl Catalog {
    /// Those that are part of the program, read once; a test reads them, so a released program has them.
    #[must_use]
    pub fn known() -> Option<&'static Self> {
        static SHIPPED: LazyLock<Option<Catalog>> = LazyLock::new(|| Catalog::shipped().ok());
        SHIPPED.as_ref()
    }

    /// The list that this release ships.
    ///
    /// # Errors
    ///
    /// Never, as a test shows; an error and not a panic all the same.
    pub fn shipped() -> Result<Self, CatalogError> {
        let permissions = include_str!("../../../rules/aws/permissions/permissions.txt");
        let levels = include_str!("../../../rules/aws/permissions/levels.txt");
        Self::read(permissions, levels)
    }

    /// Reads a list of permissions, and what they give where that does not follow from AWS's access level.
    ///
    /// # Errors
    ///
    /// When a line of either is not understood, or the first does not hold what its header says.
    pub fn read(permissions: &str, levels: &str) -> Result<Self, CatalogError> {
        let mut catalog = read::permissions(permissions)?;
        catalog.levels = levels::read(levels, &catalog)?;
        for level in Level::ALL {
            let of_level = catalog.ids().filter(|id| catalog.level(*id) == level).collect();
            if let Some(set) = catalog.by_level.get_mut(level as usize) {
                *set = of_level;
            }
        }
        catalog.level_bits = vec![[0; Level::ALL.len()]; catalog.len().div_ceil(64)];
        for (level, set) in catalog.by_level.iter().enumerate() {
            for (at, bits) in set.words() {
                let of_level = catalog.level_bits.get_mut(at).and_then(|levels| levels.get_mut(level));
                of_level.into_iter().for_each(|of_level| *of_level = bits);
            }
        }
        let mut by_name = HashTable::with_capacity(catalog.len());
        let hash_of = |id: &PermissionId| hash(catalog.lower_name(*id));
        for id in catalog.ids() {
            by_name.insert_unique(hash_of(&id), id, hash_of);
        }
        catalog.by_name = by_name;
        Ok(catalog)
    }

    /// Where the list comes from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How many permissions are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All permissions.
    #[must_use]
    pub fn all(&self) -> &PermissionSet {
        &self.all
    }

    /// The permission of that name, however it is capitalised; none if it is not known.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PermissionId> {
        let lower = name.to_ascii_lowercase();
        self.by_name.find(hash(&lower), |id| self.lower_name(*id) == lower).copied()
    }

    /// The name of a permission as AWS writes it; empty for one of another catalog.
    #[must_use]
    pub fn name(&self, permission: PermissionId) -> &str {
        self.names.shown(usize::from(permission.0))
    }

    /// The name of a permission in lower case, as patterns are compared with it.
    #[must_use]
    pub fn lower_name(&self, permission: PermissionId) -> &str {
        self.names.lower(usize::from(permission.0))
    }

    /// The permissions that the pattern matches; one made by [`Pattern::of_permission`].
    #[must_use]
    pub fn matching(&self, pattern: &Pattern) -> PermissionSet {
        if pattern.is_any() {
            return self.all.clone();
        }
        let from = self.names.first_from(pattern.prefix(), false);
        let to = self.names.first_from(pattern.prefix(), true);
        (from..to).filter(|place| pattern.matches(self.names.lower(*place))).map(id).collect()
    }

    /// What the permission does.
    #[must_use]
    pub fn access(&self, permission: PermissionId) -> Access {
        self.kind(permission).map_or(Access::Permissions, |kind| kind.access)
    }

    /// What the permission gives to whoever holds it.
    #[must_use]
    pub fn level(&self, permission: PermissionId) -> Level {
        self.levels.get(usize::from(permission.0)).copied().unwrap_or(Level::Control)
    }

    /// What the permissions give together: the sum of [`Level::tenths`].
    #[must_use]
    pub fn tenths(&self, set: &PermissionSet) -> u64 {
        let mut counts = [0_u64; Level::ALL.len()];
        for (at, bits) in set.words() {
            for (count, of_level) in counts.iter_mut().zip(self.level_bits.get(at).into_iter().flatten()) {
                *count += u64::from((bits & of_level).count_ones());
            }
        }
        Level::ALL
            .into_iter()
            .map(|level| u64::from(level.tenths()))
            .zip(counts)
            .map(|(tenths, count)| tenths * count)
            .sum()
    }

    /// The permissions that give so much.
    #[must_use]
    pub fn of_level(&self, level: Level) -> &PermissionSet {
        self.by_level.get(level as usize).unwrap_or(&self.all)
    }

    /// The types of resources that the permission acts on. With none, it is only ever asked for `*`.
    #[must_use]
    pub fn acts_on(&self, permission: PermissionId) -> &[ActsOn] {
        let range = self.kind(permission).map(|kind| kind.acts_on.start as usize..kind.acts_on.end as usize);
        range.and_then(|range| self.acts_on.get(range)).unwrap_or_default()
    }

    /// The condition keys that a request for the permission may carry beside the global ones, in lower case; what is
    /// chosen by the user stands as a variable: `aws:resourcetag/${tagkey}`.
    pub fn keys(&self, permission: PermissionId) -> impl Iterator<Item = &str> {
        let range = self.kind(permission).map(|kind| kind.keys.start as usize..kind.keys.end as usize);
        let places = range.and_then(|range| self.key_lists.get(range)).unwrap_or_default();
        places.iter().filter_map(|place| self.keys.get(usize::from(*place))).map(AsRef::as_ref)
    }

    /// Whether resource control policies of an organisation apply to the permission.
    #[must_use]
    pub fn resource_control(&self, permission: PermissionId) -> bool {
        let place = self.services.partition_point(|service| service.permissions.end <= permission.0);
        self.services.get(place).is_some_and(|service| service.resource_control)
    }

    /// A type of resource; none for one of another catalog.
    #[must_use]
    pub fn resource_type(&self, id: ResourceTypeId) -> Option<&ResourceType> {
        self.resource_types.get(usize::from(id.0))
    }

    /// The type that a service lists under that name.
    #[must_use]
    pub fn find_resource_type(&self, service: &str, name: &str) -> Option<ResourceTypeId> {
        let wanted = |kind: &ResourceType| *kind.service == *service && *kind.name == *name;
        self.resource_types.iter().position(wanted).map(|place| ResourceTypeId(short(place)))
    }

    /// Which type of resource an ARN is of: of those whose ARNs look like it, the one that says most about it, and rather
    /// one of the service that the ARN names.
    #[must_use]
    pub fn resource_type_of(&self, arn: &str) -> Option<ResourceTypeId> {
        let service = arn.split(':').nth(2)?;
        let from = self.by_arn_service.partition_point(|(one, _)| **one < *service);
        let of_service = self.by_arn_service.get(from..)?.iter().take_while(|(one, _)| **one == *service);
        let ranked = of_service.filter_map(|(_, id)| {
            let kind = self.resource_type(*id)?;
            let said = kind.arns.iter().filter(|pattern| pattern.matches(arn)).map(literals).max()?;
            Some(((said, *kind.service == *service, std::cmp::Reverse(*id)), *id))
        });
        ranked.max().map(|(_, id)| id)
    }

    /// Whether a request for the permission may name the resource of that ARN.
    #[must_use]
    pub fn takes(&self, permission: PermissionId, arn: &str) -> bool {
        let types = self.acts_on(permission).iter().filter_map(|one| self.resource_type(one.resource_type));
        types.flat_map(|kind| &kind.arns).any(|pattern| pattern.matches(arn))
    }

    /// The known names that are nearest to one that is not known, the nearest first, at most so many.
    #[must_use]
    pub fn nearest(&self, name: &str, most: usize) -> Vec<PermissionId> {
        nearest::nearest(self, name, most)
    }

    /// What is said of an answer about a name that is not known: that it rests on patterns alone, and what may be meant.
    /// Nothing where the name is known.
    #[must_use]
    pub fn doubt(&self, name: &str) -> Option<String> {
        if self.find(name).is_some() {
            return None;
        }
        let nearest: Vec<&str> =
            self.nearest(name, NEAREST_MAX).into_iter().map(|id| self.name(id)).collect();
        let meant = match nearest.split_last() {
            None => String::new(),
            Some((one, [])) => format!("; did you mean {one}?"),
            Some((last, others)) => format!("; did you mean {} or {last}?", others.join(", ")),
        };
        let day = &self.source.day;
        Some(format!(
            "{name} is not a permission of the catalogue of {day}: answered by patterns alone{meant}"
        ))
    }

    fn ids(&self) -> impl Iterator<Item = PermissionId> + use<> {
        (0..self.len()).map(id)
    }

    fn kind(&self, permission: PermissionId) -> Option<&Kind> {
        let place = self.kind_of.get(usize::from(permission.0))?;
        self.kinds.get(usize::from(*place))
    }
}

/// The names are those of a list: nobody chooses them so that many hashes are the same.
fn hash(name: &str) -> u64 {
    FixedState::default().hash_one(name)
}

fn id(place: usize) -> PermissionId {
    PermissionId(short(place))
}

/// A place as it is kept. INVARIANT: reading refuses a list with more places.
fn short(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

/// How many characters of what a pattern matches are given.
fn literals(pattern: &Pattern) -> usize {
    pattern.text().bytes().filter(|byte| !matches!(byte, b'*' | b'?')).count()
}

/// So many names are told that may be meant.
const NEAREST_MAX: usize = 3;
