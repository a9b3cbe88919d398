//! Pareto fronts.

/// Numbers of the points that no other beats: none costs as little and scores as much, and is better in one of the two. Ascending in
/// cost. Points that are not finite are left out; of equal points the first stays.
///
/// ```
/// use stairs_study::choose::front;
/// // (cost, score)
/// assert_eq!(front(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0)]), [0, 1, 3]);
/// ```
pub fn front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|i| points[*i].0.is_finite() && points[*i].1.is_finite()).collect();
    // Cheapest first; among equally cheap ones the best, and of equal ones the first.
    order.sort_by(|a, b| {
        points[*a].0.total_cmp(&points[*b].0).then(points[*b].1.total_cmp(&points[*a].1)).then(a.cmp(b))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|i| {
        let is_better = points[*i].1 > best;
        best = best.max(points[*i].1);
        is_better
    });
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the definition.
        #[test]
        fn nothing_on_the_front_is_beaten_and_all_else_is(
            points in prop::collection::vec((0u8..6, 0u8..6), 0..30)
        ) {
            let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let found = front(&points);
            let beats = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 >= b.1 && a != b;
            for (i, point) in points.iter().enumerate() {
                let beaten = points.iter().any(|other| beats(*other, *point));
                let copy = points[..i].contains(point);
                prop_assert_eq!(found.contains(&i), !beaten && !copy);
            }
            prop_assert!(found.windows(2).all(|pair| points[pair[0]].0 < points[pair[1]].0));
        }
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(front(&[(1.0, f64::NAN), (f64::INFINITY, 2.0), (2.0, 1.0)]), [2]);
        assert!(front(&[]).is_empty());
    }
}
