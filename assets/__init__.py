"""The graph: only Dagster definitions, thin. An asset reads its window, calls one function, and reports counts."""
