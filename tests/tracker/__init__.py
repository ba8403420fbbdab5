"""The npm package and the storefront. A package, so that its conftest is not every other directory's."""
