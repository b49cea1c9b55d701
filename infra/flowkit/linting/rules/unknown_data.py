"""Data files and columns that are named and are not there."""

from collections.abc import Iterator

from dialtone.flow.data_files import data_file
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.mentions import data_files
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("unknown-data", ERROR, Of.WRITTEN)
def unknown_data(file: FlowFile) -> Iterator[Found]:
    """A data file that a step or a number uses and that does not exist, or a column that it lacks."""
    for where, name, columns in data_files(file.document):
        if name not in file.folder.data_names:
            known = file.folder.data_names
            remedy = near(name, known, f"add {data_file(name)} beside the flow, or name one that is there")
            yield Found(where, f"goes by the data file {name}, which does not exist", remedy)
        elif data := file.folder.data(name):
            for column in columns:
                if column not in data.columns:
                    remedy = near(column, data.columns, f"name one of {', '.join(data.columns)}")
                    yield Found(where, f"asks for the column {column}, which {data_file(name)} lacks", remedy)
