//! Known names that are near to one that is not: "did you mean".

use super::{Catalog, PermissionId, id};

/// So many letters may differ before a name is another one.
const FAR: usize = 4;

/// The nearest known names: with few letters other, of the service named or one that is nearly called so; or of the same
/// name in another service.
pub(super) fn nearest(catalog: &Catalog, name: &str, most: usize) -> Vec<PermissionId> {
    let lower = name.to_ascii_lowercase();
    let (service, own) = lower.split_once(':').unwrap_or(("", &lower));
    let mut found: Vec<(usize, PermissionId)> = Vec::new();
    for known in &catalog.services {
        let apart = distance(&known.prefix, service, FAR);
        for place in known.permissions.clone() {
            let place = usize::from(place);
            let Some((_, candidate)) = catalog.names.lower(place).split_once(':') else { continue };
            let far = match apart {
                Some(apart) => distance(candidate, own, FAR - apart).map(|letters| apart + letters),
                None => (candidate == own).then_some(FAR),
            };
            found.extend(far.map(|far| (far, id(place))));
        }
    }
    found.sort_unstable();
    found.into_iter().take(most).map(|(_, id)| id).collect()
}

/// How many letters must be put in, left out, changed or swapped with the next; none if more than `most`.
fn distance(one: &str, two: &str, most: usize) -> Option<usize> {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    if one.len().abs_diff(two.len()) > most {
        return None;
    }
    // Rows of the table of distances of all beginnings: that before the last, the last, this one.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=two.len()).collect();
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in two.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&last, j) + usize::from(letter != other);
            let mut least = changed.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let (i, j) = (i.checked_sub(1), j.checked_sub(1));
            if let (Some(i), Some(j)) = (i, j)
                && one.get(i) == Some(other)
                && two.get(j) == Some(letter)
            {
                least = least.min(at(&before, j) + 1);
            }
            row.push(least);
        }
        if row.iter().all(|letters| *letters > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|letters| *letters <= most)
}
