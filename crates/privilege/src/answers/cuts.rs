//! Where ways are best cut: by what goes with a cut, against the use that breaks.

use std::cmp::Reverse;

use super::{ChokeAnswer, Teller, Ways};
use crate::atlas::Atlas;
use crate::choke::saved;
use crate::graph::GraphError;
use crate::usage::{Taken, Usage, UsedWays};

/// The points of [`super::chokes`] with the use that was seen over each, the first twenty of them in another order: that
/// first whose cut takes most of the blast radii of all identities, divided by the uses that were seen and one. What nobody
/// can tell of counts as used once.
///
/// # Errors
/// When there are too many edges.
pub fn recommended(atlas: &Atlas, usage: &Usage, count: usize) -> Result<Vec<ChokeAnswer>, GraphError> {
    let used = UsedWays::new(atlas, usage)?;
    let (graph, rating) = (&atlas.analysis.graph, &atlas.rating);
    let mut cuts = Teller::with(atlas, Ways::default(), |teller| {
        let points = rating.chokes.points.iter().filter(|choke| choke.cut_off > 1);
        let told = points.filter_map(|choke| Some((choke.point, teller.choke(choke)?))).take(count);
        let rated = told.enumerate().map(|(at, (point, answer))| {
            let saved = (at < RATED_MAX).then(|| saved(graph, &rating.weights, &rating.blast, point));
            let removes = saved.transpose()?.map(|saved| saved.numerator);
            Ok(ChokeAnswer { usage: Some(used.over(point)), removes, ..answer })
        });
        rated.collect::<Result<Vec<_>, GraphError>>()
    })?;
    cuts.sort_by_cached_key(|cut| Reverse(merit(cut)));
    Ok(cuts)
}

/// How much goes for each use that breaks, in thousandths.
fn merit(cut: &ChokeAnswer) -> u128 {
    let uses = cut.usage.as_ref().map_or(0, |step| match step.taken {
        Taken::Seen => step.count.unwrap_or(1),
        Taken::Unused => 0,
        Taken::Standing | Taken::Unknown => 1,
    });
    u128::from(cut.removes.unwrap_or(0)) * 1000 / (u128::from(uses) + 1)
}

/// Of so many points it is worked out what goes with them: the blast radii of all behind each are asked for anew.
const RATED_MAX: usize = 20;
