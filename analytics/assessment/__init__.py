"""Year-end assessment (年度考核): the second road, by hand-written SQL."""
