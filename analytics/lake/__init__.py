"""The lake (数据湖): every fact as rows; DuckLake beside the log."""
