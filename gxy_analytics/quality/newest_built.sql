select maxOrNull(local_date) as newest from governance.day_builds
