//! The regions that there are, and in which of them a service stands that is not in each: data, `rules/aws/regions.txt`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The condition key that tells to which region a request goes, in lower case.
pub(crate) const REQUESTED_REGION: &str = "aws:requestedregion";

/// The regions of all partitions of AWS.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Regions(BTreeMap<Box<str>, Partition>);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Partition {
    regions: Vec<Box<str>>,
    /// The services of which all requests go to one region, with that.
    global: BTreeMap<Box<str>, Box<str>>,
}

/// Why a list of regions cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot read the list of regions: line {line} is {text:?}")]
pub struct RegionsError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: Box<str>,
}

/// The regions that are part of the program. A test reads them, so a released program has all of them.
static SHIPPED: LazyLock<Regions> = LazyLock::new(|| Regions::shipped().unwrap_or_default());

impl Regions {
    /// Those that are part of the program, read once.
    #[must_use]
    pub fn known() -> &'static Self {
        &SHIPPED
    }

    /// Those that are part of the program.
    ///
    /// # Errors
    /// When the list contradicts its form.
    pub fn shipped() -> Result<Self, RegionsError> {
        Self::read(include_str!("../../../rules/aws/regions.txt"))
    }

    /// Reads a list.
    ///
    /// # Errors
    /// At the first line that is none of a list.
    pub fn read(text: &str) -> Result<Self, RegionsError> {
        let mut partitions: BTreeMap<Box<str>, Partition> = BTreeMap::new();
        let mut last: Option<Box<str>> = None;
        for (line, own) in (1..).zip(text.lines()) {
            let mut words = own.split(' ');
            let partition = last.as_ref().and_then(|name| partitions.get_mut(name));
            match (words.next(), partition) {
                (Some("doorward"), _) if line == 1 && own == "doorward regions 1" => {}
                (Some("#"), _) => {}
                (Some("partition"), _) => {
                    let name: Box<str> = words.collect();
                    partitions.entry(name.clone()).or_default();
                    last = Some(name);
                }
                (Some("regions"), Some(partition)) => partition.regions.extend(words.map(Into::into)),
                (Some("global"), Some(partition)) => {
                    let home = words.next().unwrap_or_default();
                    partition.global.extend(words.map(|service| (service.into(), home.into())));
                }
                _ => return Err(RegionsError { line, text: own.into() }),
            }
        }
        Ok(Self(partitions))
    }

    /// The regions of a partition, in order; none of one that is not known.
    #[must_use]
    pub fn of(&self, partition: &str) -> &[Box<str>] {
        self.0.get(partition).map_or(&[], |own| &own.regions)
    }

    /// The region to which all requests to a service go, by what its permissions begin with; `None` where it has several.
    #[must_use]
    pub fn of_service(&self, partition: &str, service: &str) -> Option<&str> {
        self.0.get(partition)?.global.get(service).map(|region| &**region)
    }

    /// All services of which all requests go to one region, with the partition and the region.
    pub fn global(&self) -> impl Iterator<Item = [&str; 3]> {
        self.0.iter().flat_map(|(partition, own)| {
            own.global.iter().map(move |(service, region)| [&**partition, &**service, &**region])
        })
    }
}

/// The region that an ARN names; `None` where it names none, or not one alone.
pub(crate) fn named(arn: &str) -> Option<&str> {
    let region = arn.strip_prefix("arn:")?.split(':').nth(2)?;
    (!region.is_empty() && !region.contains(['*', '?', '$'])).then_some(region)
}

/// The partition that an ARN names.
pub(crate) fn partition(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').next().filter(|own| !own.contains(['*', '?', '$']))
}
