//! Points in time as text, in UTC.

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ`.
pub fn moment(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(86_400);
    format!("{}T{:02}:{:02}:{:02}Z", day(seconds), of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// The day of seconds since 1970 as `YYYY-MM-DD`, by the civil-from-days algorithm (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
pub fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The second since 1970 at which a day `YYYY-MM-DD` begins; `None` for what is no day. The way back from
/// [`day`], by the days-from-civil algorithm of the same source.
pub fn start_of_day(text: &str) -> Option<i64> {
    let mut numbers = text.splitn(3, '-').map(|number| number.parse::<i64>().ok());
    let (year, month, day_of_month) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let year_from_march = year - i64::from(month <= 2);
    let era = year_from_march.div_euclid(400);
    let year_of_era = year_from_march.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let seconds = (era * 146_097 + day_of_era - 719_468) * 86_400;
    (text.len() == 10 && day(seconds) == text).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_moments() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_714_557_600, "2024-05-01T10:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(moment(seconds), text);
        }
    }

    #[test]
    fn days_become_seconds_and_nothing_else_does() {
        for days in (-10_000..40_000).step_by(13) {
            let seconds = days * 86_400;
            assert_eq!(start_of_day(&day(seconds)), Some(seconds));
        }
        for text in
            ["", "2024-02-30", "2024-13-01", "2024-00-01", "24-01-01", "2024-1-1", "2024-01-01x", "yesterday"]
        {
            assert_eq!(start_of_day(text), None, "{text}");
        }
    }
}
